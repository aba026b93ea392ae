INSERT INTO payrollx_meta.slices (run_id, source, target, part, slice, rows_read, rows_written, bytes)
SELECT run_id, source, target, part, max(slice) + 1, 1, 1, 0
FROM payrollx_meta.slices
WHERE (run_id, source, target) = ($1, $2, $3)
GROUP BY run_id, source, target, part
