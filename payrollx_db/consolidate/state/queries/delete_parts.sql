DELETE FROM payrollx_meta.parts AS p
USING payrollx_meta.tables AS t,
      ROWS FROM (pg_catalog.unnest(%(targets)s::text[]), pg_catalog.unnest(%(scopes)s::jsonb[])) AS d (target, scope)
WHERE p.run_id = %(run)s AND (t.run_id, t.source, t.target) = (p.run_id, p.source, p.target)
  AND (t.target, t.scope) = (d.target, d.scope)
