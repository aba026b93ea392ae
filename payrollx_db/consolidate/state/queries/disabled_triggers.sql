SELECT table_name, name, mode FROM payrollx_meta.triggers WHERE run_id = %s AND restored_at IS NULL
ORDER BY table_name, name
