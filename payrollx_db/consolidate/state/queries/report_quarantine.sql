SELECT source, kind, code, action, pg_catalog.count(*) AS rows,
       pg_catalog.count(*) FILTER (WHERE restored_at IS NOT NULL) AS restored,
       pg_catalog.max(restored_at) AS restored_at
FROM payrollx_meta.quarantine WHERE run_id = %(run)s GROUP BY source, kind, code, action
ORDER BY source, kind, code, action
