SELECT run_id AS run, source, key, kind, code, action, column_name AS column, cause, row, restored_at
FROM payrollx_meta.quarantine
WHERE kind <> 'adopted'
  AND (%(run)s::bigint IS NULL OR run_id = %(run)s)
  AND (%(source)s = '' OR source = %(source)s OR source LIKE '%%.' || %(source)s)
ORDER BY run_id DESC, source, key, column_name
