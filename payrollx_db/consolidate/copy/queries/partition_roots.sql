-- The partitions among these tables (schema.table), each with the table that holds it.
SELECT n.nspname::text || '.' || c.relname::text, rn.nspname::text || '.' || r.relname::text
FROM pg_catalog.unnest(%(names)s::text[]) AS w (name)
JOIN pg_catalog.pg_namespace AS n ON pg_catalog.starts_with(w.name, n.nspname::text || '.')
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND n.nspname::text || '.' || c.relname::text = w.name
JOIN pg_catalog.pg_class AS r ON r.oid = pg_catalog.pg_partition_root(c.oid)
JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
WHERE c.relispartition
