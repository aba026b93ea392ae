-- Tables of this database that somebody wants alone and waits for, because of a session of ours.
SELECT DISTINCT n.nspname || '.' || c.relname
FROM pg_catalog.pg_locks AS w
JOIN pg_catalog.pg_class AS c ON c.oid = w.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT w.granted AND w.locktype = 'relation' AND w.mode = 'AccessExclusiveLock'
  AND w.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND {ours} = ANY (pg_catalog.pg_blocking_pids(w.pid))
