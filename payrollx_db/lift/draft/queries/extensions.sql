-- The extensions of this database, each with its schema; PL/pgSQL is everywhere.
SELECT extname AS name, nspname AS schema
FROM pg_catalog.pg_extension
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname <> 'plpgsql'
ORDER BY extname
