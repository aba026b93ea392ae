-- Tables whose row security holds for their owner, too.
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relrowsecurity AND c.relforcerowsecurity
ORDER BY n.nspname, c.relname
