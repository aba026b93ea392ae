SELECT reference, rows, orphans, problem, counted_at
FROM payrollx_meta.loose_references WHERE run_id = %(run)s ORDER BY reference
