SELECT run_id, table_name, name, kind, detail, restored_at IS NOT NULL
FROM payrollx_meta.objects
WHERE run_id = ANY (%s)
ORDER BY run_id, table_name, name
