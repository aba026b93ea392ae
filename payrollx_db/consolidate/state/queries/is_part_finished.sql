SELECT finished_at IS NOT NULL FROM payrollx_meta.parts WHERE (run_id, source, target, part) = ($1, $2, $3, $4)
