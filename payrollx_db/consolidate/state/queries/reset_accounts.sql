UPDATE payrollx_meta.tables
SET status = 'pending', rows_read = NULL, rows_written = NULL, rows_quarantined = NULL, rows_merged = NULL,
    bytes = NULL, seconds = NULL, started_at = NULL, finished_at = NULL
WHERE run_id = %s AND target = ANY (%s)
