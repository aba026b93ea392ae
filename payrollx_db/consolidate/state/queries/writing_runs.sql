-- Which finished run wrote each table last; of these targets, or of all.
SELECT t.source, t.target, max(t.run_id)
FROM payrollx_meta.tables AS t
JOIN payrollx_meta.runs AS r ON r.id = t.run_id
WHERE r.status = 'done' AND t.status <> 'pending'
  AND (%(targets)s::text[] IS NULL OR t.target = ANY (%(targets)s::text[]))
GROUP BY t.source, t.target
