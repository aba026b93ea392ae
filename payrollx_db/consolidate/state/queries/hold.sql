INSERT INTO payrollx_meta.quarantine
  (run_id, source, key, kind, code, action, column_name, cause, waits_for)
SELECT %(run)s, d.source, d.key, d.kind, d.code, d.action, d.column_name, d.cause, d.waits_for
FROM pg_catalog.jsonb_to_recordset(%(decisions)s::jsonb) AS d
  (source text, key text, kind text, code text, action text, column_name text, cause text, waits_for jsonb)
ON CONFLICT (run_id, source, key, kind, column_name) DO UPDATE
SET code = excluded.code, action = excluded.action, cause = excluded.cause, waits_for = excluded.waits_for,
    row = NULL, restored_at = NULL
