-- Transactions of the whole server, in any of its databases, that have written something: whoever makes a slot waits
-- until each of them has ended. pg_locks shows them to every role; since when they run, it doesn't show to all.
SELECT l.pid AS pid,
       s.datname::text AS dbname,
       coalesce(nullif(s.application_name, ''), s.usename::text, '') AS name,
       extract(epoch FROM pg_catalog.clock_timestamp() - s.xact_start)::float8 AS seconds,
       NULL::text AS prepared
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS s ON s.pid = l.pid
WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
  AND l.pid IS NOT NULL AND l.pid <> pg_catalog.pg_backend_pid()
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT NULL, p.database::text, p.owner::text, extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::float8,
       p.gid
FROM pg_catalog.pg_prepared_xacts AS p
ORDER BY 4 DESC NULLS LAST, 1
