INSERT INTO payrollx_meta.verified_tables (
  verification_id, source, target, identical, source_rows, target_rows, quarantined, missing, extra, changed,
  source_hash, target_hash, key_columns, row_columns, text_columns, bucket_count, buckets, started_at, finished_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb,
        pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s),
        pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s))
