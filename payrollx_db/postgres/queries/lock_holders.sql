-- Who holds one of the tool's locks. An advisory lock anybody may take: it counts where its session's login may make
-- something here, as that of every earlier version of the tool may, and a service's may not.
SELECT DISTINCT ON (l.pid) l.pid, a.application_name, a.usename::text, pg_catalog.host(a.client_addr),
       coalesce(a.xact_start, a.backend_start)
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'payrollx_meta'
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = %(table)s
JOIN pg_catalog.pg_database AS d ON d.oid = l.database
WHERE l.granted AND d.datname = pg_catalog.current_database() AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
  AND (l.locktype = 'relation' AND l.relation = c.oid AND l.mode = ANY (%(modes)s)
       OR l.locktype = 'advisory' AND (l.classid::bigint, l.objid::bigint, l.objsubid) = (%(class)s, %(object)s, %(kind)s)
          AND (pg_catalog.has_database_privilege(a.usesysid, d.oid, 'CREATE')
               OR pg_catalog.has_schema_privilege(a.usesysid, n.oid, 'CREATE')))
ORDER BY l.pid
