UPDATE payrollx_meta.triggers SET restored_at = pg_catalog.clock_timestamp()
WHERE (table_name, name) = (%s, %s) AND restored_at IS NULL
