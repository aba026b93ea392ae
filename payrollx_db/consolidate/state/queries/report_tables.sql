SELECT source, target, kind, status, rows_read, rows_written, rows_quarantined, rows_merged, bytes, seconds,
       started_at, finished_at
FROM payrollx_meta.tables WHERE run_id = %(run)s ORDER BY source, target
