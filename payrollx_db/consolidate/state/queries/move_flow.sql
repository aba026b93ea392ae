UPDATE payrollx_meta.flows SET place = {place}::text::pg_lsn, snapshot = NULL, at = pg_catalog.clock_timestamp()
WHERE (database, direction) = ({database}, {direction})
