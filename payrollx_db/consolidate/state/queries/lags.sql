SELECT database, direction, measured_at, lag_bytes, lag_seconds, lag_keys, retained_bytes, bytes_per_second, free_bytes,
       safe_bytes, keep_limit_bytes, wal_status, pg_catalog.pg_wal_lsn_diff(wal_end, '0/0')::bigint AS wal_end
FROM payrollx_meta.lags
ORDER BY database, direction
