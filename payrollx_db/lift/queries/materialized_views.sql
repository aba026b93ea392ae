-- The materialized views of a schema that have been filled, or haven't.
SELECT c.relname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND n.nspname = %(schema)s AND c.relispopulated = %(populated)s
ORDER BY c.relname
