-- What surrounds the rows of this database: its locale, its extensions, this role's rights, the server's settings.
-- to_jsonb, because which of these columns there are depends on the server's version. Views of the server's state are
-- passed by where one function behind them tells as much: to plan their joins takes longer than all else here.
SELECT coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
       coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale',
                d.datcollate::text) AS locale,
       d.datctype::text AS ctype,
       pg_catalog.to_jsonb(d) ->> 'datcollversion' AS collation_version,
       pg_catalog.has_database_privilege(d.oid, 'CREATE') AS may_create,
       pg_catalog.has_database_privilege(d.oid, 'TEMP') AS may_make_temporary,
       (SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')
        FROM pg_catalog.pg_namespace AS n WHERE n.nspname = %(meta)s) AS may_write_meta,
       (SELECT r.rolsuper OR r.rolreplication
        FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER) AS may_replicate,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_others,
       (SELECT coalesce(pg_catalog.jsonb_object_agg(e.extname, e.extversion), '{}')
        FROM pg_catalog.pg_extension AS e) AS extensions,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'data_directory', CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')
                                THEN pg_catalog.current_setting('data_directory') END,
         'max_replication_slots', pg_catalog.current_setting('max_replication_slots'),
         'max_standby_streaming_delay', CASE WHEN pg_catalog.pg_is_in_recovery()
           THEN (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'max_standby_streaming_delay') END,
         'max_wal_senders', pg_catalog.current_setting('max_wal_senders'),
         'wal_level', pg_catalog.current_setting('wal_level')
       )) AS settings,
       (SELECT count(*) FROM pg_catalog.pg_get_replication_slots()) AS slots,
       (SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders()) AS senders
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
