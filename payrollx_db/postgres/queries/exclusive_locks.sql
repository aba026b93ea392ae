-- Who has, or waits for, a lock on a table here that keeps readers out.
SELECT pg_catalog.format('session %%s (%%s) %%s %%I.%%I', l.pid, coalesce(nullif(s.application_name, ''), s.usename),
                         CASE WHEN l.granted THEN 'locks' ELSE 'waits to lock' END, n.nspname, c.relname)
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity AS s ON s.pid = l.pid
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
ORDER BY l.granted DESC, 1
