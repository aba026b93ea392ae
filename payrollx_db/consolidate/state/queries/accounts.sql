SELECT source, target, kind, status, estimated_rows, estimated_bytes, rows_read, rows_written, rows_quarantined,
       rows_merged, bytes, seconds,
       -- Names of databases may have dots, and what follows is at least a schema and a table.
       coalesce((SELECT s.database FROM payrollx_meta.sources AS s
                 WHERE s.run_id = t.run_id AND pg_catalog.starts_with(t.source, s.database || '.')
                   AND pg_catalog.strpos(pg_catalog.substr(t.source, pg_catalog.length(s.database) + 2), '.') > 0
                 ORDER BY pg_catalog.length(s.database) DESC LIMIT 1),
                pg_catalog.split_part(t.source, '.', 1)) AS database,
       coalesce(pg_catalog.to_jsonb(t) -> 'scope', '{}') AS constants
FROM payrollx_meta.tables AS t
WHERE run_id = %s
ORDER BY kind, coalesce(bytes, estimated_bytes) DESC, source, target
