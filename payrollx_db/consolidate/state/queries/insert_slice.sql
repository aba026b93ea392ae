INSERT INTO payrollx_meta.slices (run_id, source, target, part, slice, rows_read, rows_written, bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
