INSERT INTO payrollx_meta.objects (run_id, table_name, name, kind, detail)
SELECT %(run)s, o.table_name, o.name, o.kind, o.detail
FROM pg_catalog.jsonb_to_recordset(%(rows)s::jsonb) AS o (table_name text, name text, kind text, detail jsonb)
ON CONFLICT (run_id, table_name, name) DO UPDATE SET restored_at = NULL
