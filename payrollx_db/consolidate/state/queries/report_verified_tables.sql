SELECT source, target, identical, source_rows, target_rows, quarantined, missing, extra, changed, started_at,
       finished_at, source_hash, target_hash, key_columns, row_columns, bucket_count, buckets
FROM payrollx_meta.verified_tables WHERE verification_id = %(verification)s ORDER BY source, target
