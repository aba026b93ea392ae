DELETE FROM payrollx_meta.slices WHERE (run_id, source, target, part) = ($1, $2, $3, $4)
