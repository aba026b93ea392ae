-- The materialized views of these schemas that have been filled, or haven't.
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND n.nspname = ANY (%(schemas)s) AND c.relispopulated = %(populated)s
ORDER BY n.nspname, c.relname
