UPDATE payrollx_meta.flows SET place = %s::text::pg_lsn, snapshot = NULL, at = pg_catalog.clock_timestamp()
WHERE (database, direction) = (%s, %s)
