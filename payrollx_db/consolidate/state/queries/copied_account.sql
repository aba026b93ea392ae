UPDATE payrollx_meta.tables
SET status = 'copied', rows_read = $4, rows_written = $5, rows_quarantined = $6, bytes = $7, seconds = $8,
    finished_at = pg_catalog.clock_timestamp()
WHERE (run_id, source, target) = ($1, $2, $3)
