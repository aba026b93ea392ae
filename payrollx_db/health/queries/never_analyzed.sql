-- Tables with rows of which the planner knows nothing, as far as the server remembers: it forgets in a crash.
SELECT n.nspname::text AS schema, c.relname::text AS table, pg_catalog.pg_relation_size(c.oid) AS bytes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
WHERE n.nspname = ANY (%(schemas)s)
  AND c.relkind = 'r'
  AND s.last_analyze IS NULL AND s.last_autoanalyze IS NULL
  AND pg_catalog.pg_relation_size(c.oid) > 0
ORDER BY 1, 2
