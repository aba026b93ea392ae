-- The tablespaces that tables, indexes and materialized views of the schemas name.
SELECT DISTINCT t.spcname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_tablespace AS t ON t.oid = c.reltablespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY 1
