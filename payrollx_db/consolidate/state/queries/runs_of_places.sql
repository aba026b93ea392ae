-- Which of these pairs of source and target each finished run is of.
SELECT t.run_id, t.source, t.target
FROM payrollx_meta.tables AS t
JOIN payrollx_meta.runs AS r ON r.id = t.run_id
JOIN ROWS FROM (pg_catalog.unnest(%(sources)s::text[]), pg_catalog.unnest(%(targets)s::text[])) AS p (source, target)
  ON (p.source, p.target) = (t.source, t.target)
WHERE r.status = 'done'
