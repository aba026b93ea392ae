-- Under which snapshot each finished part was read, and how many rows it had.
SELECT t.source, t.target, t.rows_read, p.snapshot::text
FROM payrollx_meta.tables AS t
JOIN payrollx_meta.parts AS p USING (run_id, source, target)
WHERE t.run_id = %s AND t.kind = 'copy' AND t.rows_read IS NOT NULL AND p.finished_at IS NOT NULL
