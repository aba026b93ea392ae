INSERT INTO payrollx_meta.flows (database, direction, run_id, slot, publication, read_place, status, made)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (database, direction) DO UPDATE
SET run_id = excluded.run_id, slot = excluded.slot, publication = excluded.publication, place = NULL, snapshot = NULL,
    read_place = excluded.read_place, status = excluded.status, at = pg_catalog.clock_timestamp(),
    made = excluded.made || (SELECT coalesce(pg_catalog.jsonb_agg(m), '[]') FROM pg_catalog.jsonb_array_elements(flows.made) AS m
                             WHERE NOT excluded.made @> pg_catalog.jsonb_build_array(m))
