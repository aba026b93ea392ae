-- Orphans of which nobody has said yet for which row they wait: a copy has held them back.
SELECT source, key, kind, column_name FROM payrollx_meta.quarantine
WHERE restored_at IS NULL AND code = 'orphan' AND waits_for IS NULL AND kind <> 'adopted' AND source = ANY (%s)
