UPDATE payrollx_meta.tables SET status = 'running', started_at = pg_catalog.clock_timestamp()
WHERE (run_id, source, target) = (%s, %s, %s)
