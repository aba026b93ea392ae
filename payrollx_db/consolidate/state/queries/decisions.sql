SELECT source, key, kind, code, action, column_name, cause
FROM payrollx_meta.quarantine
WHERE run_id = ANY (%s) AND restored_at IS NULL
ORDER BY source, key, kind, column_name
