-- Which transactions a session waits for: their session, or their name where they are prepared.
SELECT h.pid, a.application_name, a.usename::text, coalesce(a.datname, p.database)::text, a.state,
       coalesce(a.xact_start, p.prepared), p.gid
FROM pg_catalog.pg_locks AS w
JOIN pg_catalog.pg_locks AS h ON h.locktype = w.locktype AND h.transactionid = w.transactionid AND h.granted
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = h.pid
LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = w.transactionid
WHERE w.pid = {pid} AND w.locktype = 'transactionid' AND NOT w.granted
ORDER BY h.pid
