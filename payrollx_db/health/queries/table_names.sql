-- The schemas of services and the tables in them; a schema without tables stands there alone.
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
WHERE n.nspname = ANY (%(schemas)s)
