SELECT run_id, revisions, objects FROM payrollx_meta.structures ORDER BY run_id
