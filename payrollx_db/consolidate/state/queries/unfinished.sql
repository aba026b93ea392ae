-- Runs that can be resumed, newest first, with how far they came: a table is in when all of its rows are.
SELECT r.id, r.catalog, r.layout, r.services, r.status, r.stage, r.message, r.tool_version, r.host, r.process,
       t.tables, t.tables_in, t.rows_in, t.destinations
FROM payrollx_meta.runs AS r
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.array_agg(DISTINCT target ORDER BY target), '{}') AS tables,
           pg_catalog.count(*) FILTER (WHERE status IN ('copied', 'done')) AS tables_in,
           coalesce(pg_catalog.sum(rows_written) FILTER (WHERE status IN ('copied', 'done')), 0)::bigint AS rows_in,
           -- An older state knows no scopes.
           coalesce(pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_array(
             target, coalesce(pg_catalog.to_jsonb(own) -> 'scope', '{}'))), '[]') AS destinations
    FROM payrollx_meta.tables AS own
    WHERE run_id = r.id AND kind = 'copy'
) AS t
WHERE r.status IN ('running', 'interrupted', 'failed')
ORDER BY r.id DESC
