-- Transactions of others in this database that hold back what may be cleaned up, or write, oldest first.
-- How long those of other roles run is hidden from a role without pg_read_all_stats: they are left out.
SELECT pg_catalog.format('session %%s (%%s, %%s)', s.pid, coalesce(nullif(s.application_name, ''), pg_catalog.pg_get_userbyid(s.usesysid)), s.state)
         AS name,
       extract(epoch FROM pg_catalog.clock_timestamp() - s.xact_start)::float8 AS seconds,
       false AS prepared
FROM pg_catalog.pg_stat_get_activity(NULL) AS s
WHERE s.datid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND s.pid <> pg_catalog.pg_backend_pid()
  AND s.backend_type = 'client backend'
  AND (s.backend_xid IS NOT NULL OR s.backend_xmin IS NOT NULL)
UNION ALL
SELECT pg_catalog.format('prepared transaction %%s', p.gid),
       extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::float8,
       true
FROM pg_catalog.pg_prepared_xact() AS p
WHERE p.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
ORDER BY 2 DESC
