UPDATE payrollx_meta.tables SET rows_written = $4, seconds = $5 WHERE (run_id, source, target) = ($1, $2, $3)
