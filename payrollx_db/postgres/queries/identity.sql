-- Who answers: the database, its server, and what of it never goes back. Not by pg_settings, which computes all of them.
SELECT s.system_identifier::text,
       d.oid::bigint,
       pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()), 'YYYY-MM-DD HH24:MI:SS.US'),
       pg_catalog.host(pg_catalog.inet_server_addr()),
       pg_catalog.current_setting('port')::integer,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN c.timeline_id
            ELSE ('x' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_flush_lsn()), 8))
                 ::bit(32)::integer END,
       CASE WHEN NOT pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), '0/0')::bigint END,
       CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')
            THEN pg_catalog.current_setting('data_directory') END,
       pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text)', 'EXECUTE')
FROM pg_catalog.pg_control_system() AS s, pg_catalog.pg_control_checkpoint() AS c, pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
