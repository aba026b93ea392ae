SELECT table_name AS "table", name, kind, started_at, finished_at
FROM payrollx_meta.steps WHERE run_id = %(run)s ORDER BY started_at, table_name, name, kind
