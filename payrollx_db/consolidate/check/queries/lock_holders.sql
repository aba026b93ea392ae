-- Who, but for this tool's own sessions, holds a lock on these tables, and for how long (NULL: hidden from this role).
-- What is left of a killed run goes away by itself (client_connection_check_interval).
WITH locks AS MATERIALIZED (
  SELECT l.* FROM pg_catalog.pg_lock_status() AS l WHERE l.granted
), prepared AS (
  -- A prepared transaction has no process; the lock on its own number tells which one it is.
  SELECT x.virtualtransaction, p.gid, p.prepared
  FROM pg_catalog.pg_prepared_xact() AS p
  JOIN locks AS x ON x.locktype = 'transactionid' AND x.transactionid = p.transaction AND x.pid IS NULL
)
SELECT l.relation::bigint AS table,
       coalesce('prepared transaction ' || p.gid,
                pg_catalog.format('session %%s (%%s)', l.pid, coalesce(nullif(s.application_name, ''), pg_catalog.pg_get_userbyid(s.usesysid))))
         AS name,
       extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(p.prepared, s.xact_start))::float8 AS seconds,
       l.pid IS NULL AS prepared
FROM locks AS l
LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid = l.pid
LEFT JOIN prepared AS p ON l.pid IS NULL AND p.virtualtransaction = l.virtualtransaction
WHERE l.locktype = 'relation'
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND l.relation = ANY (%(tables)s::oid[])
  AND (l.pid IS NULL
       OR coalesce(s.backend_type, 'client backend') = 'client backend'
          AND NOT pg_catalog.starts_with(coalesce(s.application_name, ''), pg_catalog.current_setting('application_name')))
ORDER BY 3 DESC NULLS LAST, 2
