INSERT INTO payrollx_meta.triggers (run_id, table_name, name, mode) VALUES (%s, %s, %s, %s)
ON CONFLICT (run_id, table_name, name) DO UPDATE SET mode = excluded.mode, restored_at = NULL
