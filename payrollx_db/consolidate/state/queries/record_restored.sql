UPDATE payrollx_meta.objects SET restored_at = pg_catalog.clock_timestamp()
WHERE (run_id, table_name, name) = (%s, %s, %s)
