-- Transactions of this database that are open for longer than so many seconds, oldest first, prepared ones too.
SELECT s.pid,
       pg_catalog.format('%%s (%%s, %%s)', s.usename, coalesce(nullif(s.application_name, ''), 'nameless'), s.state)
         AS what,
       extract(epoch FROM pg_catalog.clock_timestamp() - s.xact_start)::float8 AS seconds,
       NULL::text AS gid
FROM pg_catalog.pg_stat_activity AS s
WHERE s.datname = pg_catalog.current_database()
  AND s.pid <> pg_catalog.pg_backend_pid()
  AND s.backend_type = 'client backend'
  AND s.xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(seconds)s)
UNION ALL
SELECT NULL, p.owner::text, extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::float8, p.gid
FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = pg_catalog.current_database()
  AND p.prepared < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(seconds)s)
ORDER BY 3 DESC
