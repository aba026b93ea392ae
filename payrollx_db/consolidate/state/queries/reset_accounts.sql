UPDATE payrollx_meta.tables AS t
SET status = 'pending', rows_read = NULL, rows_written = NULL, rows_quarantined = NULL, rows_merged = NULL,
    bytes = NULL, seconds = NULL, started_at = NULL, finished_at = NULL
FROM ROWS FROM (pg_catalog.unnest(%(targets)s::text[]), pg_catalog.unnest(%(scopes)s::jsonb[])) AS d (target, scope)
WHERE t.run_id = %(run)s AND (t.target, t.scope) = (d.target, d.scope)
