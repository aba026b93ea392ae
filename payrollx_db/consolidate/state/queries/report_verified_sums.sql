SELECT source, target, column_name AS column, source_rows, target_rows, source_sum, target_sum
FROM payrollx_meta.verified_sums WHERE verification_id = %(verification)s ORDER BY source, target, column_name
