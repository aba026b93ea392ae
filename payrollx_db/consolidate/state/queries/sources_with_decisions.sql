SELECT DISTINCT source FROM payrollx_meta.quarantine WHERE run_id = %s AND kind <> 'adopted'
