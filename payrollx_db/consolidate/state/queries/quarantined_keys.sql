SELECT DISTINCT key FROM payrollx_meta.quarantine WHERE run_id = $1 AND source = $2 AND kind <> 'adopted'
