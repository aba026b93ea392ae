-- Where a run has set sequences that are still there, and where they stood before.
SELECT c.oid::bigint, r.schema, r.name, r.value_before, r.called_before, r.value, r.called
FROM payrollx_meta.sequences AS r
JOIN pg_catalog.pg_namespace AS n ON n.nspname = r.schema
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = r.name AND c.relkind = 'S'
WHERE r.run_id = %s AND r.value_before IS NOT NULL
ORDER BY c.oid
