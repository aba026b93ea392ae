UPDATE payrollx_meta.quarantine SET restored_at = pg_catalog.clock_timestamp()
WHERE source = $1 AND key = ANY ($2) AND kind = 'row' AND restored_at IS NULL
