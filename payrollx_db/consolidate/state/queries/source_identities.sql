SELECT database, system, dbname, shape FROM payrollx_meta.sources WHERE run_id = %s
