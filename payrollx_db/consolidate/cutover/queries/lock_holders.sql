-- Who holds a lock on one of these relations that a fence's doesn't go with, our own sessions aside: one row a session
-- or prepared transaction. What this role may not see of others is NULL.
WITH held AS (
    SELECT l.pid, l.virtualtransaction, l.mode, l.relation
    FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY (%(relations)s::oid[])
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
      AND l.mode IN ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock',
                     'ExclusiveLock', 'AccessExclusiveLock')
      AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND NOT COALESCE(l.pid = ANY (%(ours)s::integer[]), false)
), prepared AS (
    SELECT l.virtualtransaction, x.gid, x.owner, x.prepared
    FROM pg_catalog.pg_locks AS l
    JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction = l.transactionid
    WHERE l.locktype = 'transactionid' AND l.pid IS NULL
)
SELECT h.pid,
       COALESCE(a.usename, p.owner)::text,
       NULLIF(a.application_name, ''),
       pg_catalog.host(a.client_addr),
       a.backend_type,
       COALESCE(a.xact_start, p.prepared, a.backend_start),
       p.gid,
       pg_catalog.array_agg(DISTINCT h.mode),
       pg_catalog.array_agg(DISTINCT n.nspname || '.' || c.relname)
FROM held AS h
JOIN pg_catalog.pg_class AS c ON c.oid = h.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = h.pid
LEFT JOIN prepared AS p ON h.pid IS NULL AND p.virtualtransaction = h.virtualtransaction
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 6, 1
