-- The target tables that finished runs have filled, with the rows that each of them wrote; the newest run comes last.
SELECT t.target, coalesce(t.rows_written, 0)
FROM payrollx_meta.tables AS t
JOIN payrollx_meta.runs AS r ON r.id = t.run_id
WHERE r.status = 'done' AND t.kind = 'copy'
ORDER BY r.id
