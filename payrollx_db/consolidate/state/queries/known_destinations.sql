-- The scopes of these tables that runs have brought, or were to bring.
SELECT DISTINCT t.target, pg_catalog.to_jsonb(t) -> 'scope'
FROM payrollx_meta.tables AS t
JOIN payrollx_meta.runs AS r ON r.id = t.run_id
WHERE r.status <> 'undone' AND t.target = ANY (%(tables)s) AND pg_catalog.to_jsonb(t) -> 'scope' <> '{}'
