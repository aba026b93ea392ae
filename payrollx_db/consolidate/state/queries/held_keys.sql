SELECT DISTINCT source, key FROM payrollx_meta.quarantine
WHERE restored_at IS NULL AND kind <> 'adopted' AND source = ANY (%s)
