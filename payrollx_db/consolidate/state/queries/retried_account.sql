UPDATE payrollx_meta.tables
SET rows_written = rows_written + $4, rows_merged = rows_merged + $5, rows_quarantined = rows_quarantined - $4 - $5
WHERE (run_id, source, target) = ($1, $2, $3)
