SELECT source, target FROM payrollx_meta.parts WHERE run_id = %s
GROUP BY source, target HAVING bool_and(finished_at IS NOT NULL)
