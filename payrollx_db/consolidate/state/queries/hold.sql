INSERT INTO payrollx_meta.quarantine
  (run_id, source, key, kind, code, action, column_name, cause, waits_for)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)
ON CONFLICT (run_id, source, key, kind, column_name) DO UPDATE
SET code = excluded.code, action = excluded.action, cause = excluded.cause, waits_for = excluded.waits_for,
    row = NULL, restored_at = NULL
