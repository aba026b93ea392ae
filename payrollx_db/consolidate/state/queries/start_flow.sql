UPDATE payrollx_meta.flows
SET place = %s::text::pg_lsn, status = %s, snapshot = NULL, surroundings = %s, maps = %s,
    at = pg_catalog.clock_timestamp()
WHERE (database, direction) = (%s, %s)
