SELECT source, target, kind, status, estimated_rows, estimated_bytes, rows_read, rows_written, rows_quarantined,
       rows_merged, bytes, seconds
FROM payrollx_meta.tables
WHERE run_id = %s
ORDER BY kind, coalesce(bytes, estimated_bytes) DESC, source, target
