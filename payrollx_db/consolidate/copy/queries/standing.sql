-- Those of these tables (schema.table) that are there.
SELECT w.name
FROM pg_catalog.unnest(%s::text[]) AS w (name)
WHERE EXISTS (SELECT FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid
              WHERE pg_catalog.starts_with(w.name, n.nspname::text || '.')
                AND n.nspname::text || '.' || c.relname::text = w.name)
