-- Share the lock that another session of this run holds here, in this database of this server; no row where none does.
SELECT pg_catalog.pg_advisory_lock_shared({key})
FROM pg_catalog.pg_locks AS l
WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ShareLock'
  AND (l.classid::bigint, l.objid::bigint, l.objsubid) = ({high}, {low}, 1)
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND pg_catalog.pg_backend_pid() = {pid}
LIMIT 1
