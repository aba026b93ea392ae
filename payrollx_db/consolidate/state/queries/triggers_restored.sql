UPDATE payrollx_meta.triggers SET restored_at = pg_catalog.clock_timestamp() WHERE run_id = %s AND restored_at IS NULL
