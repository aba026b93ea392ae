INSERT INTO payrollx_meta.quarantine (run_id, source, key, kind, code, action, column_name, cause)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
