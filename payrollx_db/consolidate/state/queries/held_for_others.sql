SELECT DISTINCT source, key FROM payrollx_meta.quarantine
WHERE restored_at IS NULL AND source = ANY (%(sources)s) AND kind <> 'adopted' AND (
  code IN ('duplicate', 'case-collision', 'exclusion') OR (code = 'orphan' AND waits_for IS NULL)
)
