s.kind = 'row' AND s.source = {source} AND s.restored_at IS NULL AND s.run_id IN (
    SELECT pg_catalog.max(t.run_id) FROM payrollx_meta.tables AS t
    WHERE t.source = s.source AND t.run_id = ANY ({runs})
    GROUP BY t.target
)
