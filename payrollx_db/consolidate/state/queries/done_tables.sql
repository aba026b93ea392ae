-- What finished runs have filled of these parts of the target, with the rows that each of the runs wrote; the newest run
-- comes last. (A scope of a finished run that was emptied since is pending. An older state knows no scopes.)
SELECT d.target, d.scope, coalesce(t.rows_written, 0)
FROM payrollx_meta.tables AS t
JOIN payrollx_meta.runs AS r ON r.id = t.run_id
JOIN ROWS FROM (pg_catalog.unnest(%(targets)s::text[]), pg_catalog.unnest(%(scopes)s::jsonb[])) AS d (target, scope)
  ON d.target = t.target AND d.scope = coalesce(pg_catalog.to_jsonb(t) -> 'scope', '{}')
WHERE r.status = 'done' AND t.kind = 'copy' AND t.status <> 'pending'
ORDER BY r.id
