-- What this login may use of the server, and how its sessions are set without a word of ours. Not by pg_settings, which
-- computes all of them; reserved_connections is unknown to older servers. Whose backend_type is hidden from this role may
-- be a process of the server itself: those take no session from anybody, and have no user or no database.
WITH sessions AS (
  SELECT a.usesysid, a.datid
  FROM pg_catalog.pg_stat_get_activity(NULL) AS a
  WHERE a.usesysid IS NOT NULL AND a.datid IS NOT NULL
    AND coalesce(a.backend_type, 'client backend') = 'client backend'
    AND NOT pg_catalog.starts_with(coalesce(a.application_name, ''), pg_catalog.current_setting('application_name'))
)
SELECT r.rolsuper AS superuser,
       r.rolconnlimit AS role_limit,
       (SELECT count(*) FROM sessions AS s WHERE s.usesysid = r.oid) AS role_used,
       d.datconnlimit AS database_limit,
       (SELECT count(*) FROM sessions AS s WHERE s.datid = d.oid) AS database_used,
       (SELECT count(*) FROM sessions) AS used,
       (SELECT pg_catalog.jsonb_object_agg(s.name, s.setting)
        FROM (SELECT x.name, CASE WHEN x.name <> 'temp_file_limit' OR pg_catalog.current_setting(x.name) = '-1'
                               THEN pg_catalog.current_setting(x.name, true)
                               ELSE (pg_catalog.pg_size_bytes(pg_catalog.current_setting(x.name)) / 1024)::text END
                AS setting
              FROM pg_catalog.unnest(ARRAY[
                'default_transaction_read_only', 'session_replication_role', 'log_statement', 'max_connections',
                'superuser_reserved_connections', 'reserved_connections', 'max_locks_per_transaction',
                'max_prepared_transactions', 'temp_file_limit', 'log_min_duration_statement'
              ]) AS x (name)) AS s
        WHERE s.setting IS NOT NULL) AS settings,
       pg_catalog.age(d.datfrozenxid) AS age,
       coalesce((SELECT w.last_failed_time > coalesce(w.last_archived_time, '-infinity')
                 FROM pg_catalog.pg_stat_archiver AS w), false) AS archiving_fails,
       -- What the server passes over without a word, and sorts in the database's own tablespace instead.
       ARRAY(SELECT x.name
             FROM (SELECT pg_catalog.replace(
                            pg_catalog.regexp_replace(pg_catalog.btrim(part), '^"(.*)"$', '\1'), '""', '"'
                          ) AS name
                   FROM pg_catalog.unnest(pg_catalog.string_to_array(
                     pg_catalog.current_setting('temp_tablespaces'), ','
                   )) AS part) AS x
             LEFT JOIN pg_catalog.pg_tablespace AS ts ON ts.spcname = x.name
             WHERE x.name <> '' AND ts.oid IS DISTINCT FROM d.dattablespace
               AND NOT coalesce(pg_catalog.has_tablespace_privilege(ts.oid, 'CREATE'), false)
             ORDER BY 1) AS closed_temporary
FROM pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_database AS d
WHERE r.rolname = SESSION_USER AND d.datname = pg_catalog.current_database()
