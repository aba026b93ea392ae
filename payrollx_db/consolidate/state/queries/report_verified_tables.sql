SELECT source, target, identical, source_rows, target_rows, quarantined, missing, extra, changed, started_at,
       finished_at, source_hash, target_hash, key_columns, row_columns, bucket_count, buckets,
       coalesce(pg_catalog.to_jsonb(v) -> 'text_columns', '[]') AS text_columns -- not there in an earlier version
FROM payrollx_meta.verified_tables AS v WHERE verification_id = %(verification)s ORDER BY source, target
