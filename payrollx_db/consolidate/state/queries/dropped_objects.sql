SELECT table_name, name, kind, detail, restored_at IS NOT NULL
FROM payrollx_meta.objects
WHERE run_id = %s
ORDER BY table_name, name
