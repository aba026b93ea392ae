UPDATE payrollx.place
SET place = {place}::text::pg_lsn, snapshot = {snapshot}::text::pg_snapshot, keys = keys + {keys},
    surroundings = coalesce({surroundings}::jsonb, surroundings), at = pg_catalog.clock_timestamp()
WHERE database = {database}
