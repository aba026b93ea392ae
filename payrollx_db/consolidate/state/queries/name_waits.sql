UPDATE payrollx_meta.quarantine AS q SET waits_for = w.waits_for
FROM pg_catalog.jsonb_to_recordset(%(waits)s::jsonb) AS w (source text, key text, column_name text, waits_for jsonb)
WHERE (q.source, q.key, q.column_name) = (w.source, w.key, w.column_name) AND q.code = 'orphan'
  AND q.restored_at IS NULL AND q.waits_for IS NULL
