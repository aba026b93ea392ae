INSERT INTO payrollx_meta.verified_sums (verification_id, source, target, column_name, source_rows, target_rows,
                                         source_sum, target_sum)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
