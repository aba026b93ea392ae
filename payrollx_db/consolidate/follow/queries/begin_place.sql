INSERT INTO payrollx.place AS p (database, slot, publication, place, read_place, surroundings)
VALUES ({database}, {slot}, {publication}, {place}::text::pg_lsn, {read_place}::jsonb, {surroundings}::jsonb)
ON CONFLICT (database) DO UPDATE
SET slot = excluded.slot, publication = excluded.publication, place = excluded.place, snapshot = NULL,
    read_place = excluded.read_place, surroundings = excluded.surroundings, keys = 0, owner = NULL,
    at = pg_catalog.clock_timestamp()
