SELECT source, target, kind, status, rows_read, rows_written, rows_quarantined, rows_merged, bytes, seconds,
       started_at, finished_at, coalesce(pg_catalog.to_jsonb(t) -> 'scope', '{}') AS scope
FROM payrollx_meta.tables AS t WHERE run_id = %(run)s ORDER BY source, target
