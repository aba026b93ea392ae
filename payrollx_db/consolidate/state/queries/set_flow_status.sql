UPDATE payrollx_meta.flows SET status = %s, at = pg_catalog.clock_timestamp() WHERE (database, direction) = (%s, %s)
