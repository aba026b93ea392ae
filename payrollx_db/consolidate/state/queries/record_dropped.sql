INSERT INTO payrollx_meta.objects (run_id, table_name, name, kind, detail)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (run_id, table_name, name) DO UPDATE SET restored_at = NULL
