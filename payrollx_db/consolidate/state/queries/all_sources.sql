SELECT run_id, database FROM payrollx_meta.sources
