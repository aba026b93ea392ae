INSERT INTO payrollx_meta.lags
  (database, direction, measured_at, lag_bytes, lag_seconds, lag_keys, retained_bytes, bytes_per_second, free_bytes,
   safe_bytes, keep_limit_bytes, wal_status, wal_end)
VALUES (%(database)s, %(direction)s, %(measured_at)s, %(lag_bytes)s, %(lag_seconds)s, %(lag_keys)s, %(retained_bytes)s,
        %(bytes_per_second)s, %(free_bytes)s, %(safe_bytes)s, %(keep_limit_bytes)s, %(wal_status)s,
        '0/0'::pg_lsn + %(wal_end)s::numeric)
ON CONFLICT (database, direction) DO UPDATE
SET measured_at = excluded.measured_at, lag_bytes = excluded.lag_bytes, lag_seconds = excluded.lag_seconds,
    lag_keys = excluded.lag_keys, retained_bytes = excluded.retained_bytes,
    bytes_per_second = coalesce(excluded.bytes_per_second, payrollx_meta.lags.bytes_per_second),
    free_bytes = excluded.free_bytes, safe_bytes = excluded.safe_bytes, keep_limit_bytes = excluded.keep_limit_bytes,
    wal_status = excluded.wal_status, wal_end = excluded.wal_end
