-- Tables with rows of which the planner knows nothing, as far as the server remembers: it forgets in a crash. To ask a
-- size takes a lock: tables that somebody holds or waits for alone are left out, as they change under our eyes.
WITH held AS MATERIALIZED (
  SELECT l.relation
  FROM pg_catalog.pg_lock_status() AS l
  WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
)
SELECT n.nspname::text AS schema, c.relname::text AS table, z.bytes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
CROSS JOIN LATERAL (
  SELECT CASE WHEN NOT EXISTS (SELECT FROM held AS l WHERE l.relation = c.oid)
              THEN pg_catalog.pg_relation_size(c.oid) END AS bytes
) AS z
WHERE n.nspname = ANY (%(schemas)s)
  AND c.relkind = 'r'
  AND s.last_analyze IS NULL AND s.last_autoanalyze IS NULL
  AND z.bytes > 0
ORDER BY 1, 2
