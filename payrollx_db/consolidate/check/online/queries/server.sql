-- What following needs of this server, of this database, and of this login.
SELECT pg_catalog.current_setting('server_version_num')::int AS version,
       SESSION_USER::text AS login,
       CURRENT_USER::text AS acts_as,
       -- A walsender is let in by what the login itself is: memberships and SET ROLE don't count, but for a service's
       -- own patch of that (rds_replication).
       (SELECT r.rolsuper OR r.rolreplication FROM pg_catalog.pg_roles AS r WHERE r.rolname = SESSION_USER)
         OR EXISTS (SELECT FROM pg_catalog.pg_roles AS r
                    WHERE r.rolname = 'rds_replication' AND pg_catalog.pg_has_role(SESSION_USER, r.oid, 'MEMBER'))
         AS may_replicate,
       (SELECT pg_catalog.array_agg(r.rolname::text ORDER BY r.rolname)
        FROM pg_catalog.pg_roles AS r
        WHERE r.rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', 'azure_pg_admin'))
         AS service_roles,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create,
       (SELECT pg_catalog.pg_get_userbyid(d.datdba)::text
        FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) AS owner,
       pg_catalog.pg_is_in_recovery() AS standby,
       (SELECT pg_catalog.jsonb_object_agg(s.name, s.setting)
        FROM pg_catalog.pg_settings AS s
        WHERE s.name IN ('wal_level', 'max_replication_slots', 'max_wal_senders', 'max_slot_wal_keep_size',
                         'idle_replication_slot_timeout', 'wal_sender_timeout', 'sync_replication_slots'))
         AS settings,
       -- pg_replication_slots shows every role all of its rows, and so does pg_stat_replication, without details.
       (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS slots,
       ARRAY(SELECT s.slot_name::text FROM pg_catalog.pg_replication_slots AS s WHERE NOT s.active ORDER BY 1)
         AS idle_slots,
       (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS senders,
       -- What streams the log itself and not what it says of one database: a standby, or a backup in progress.
       (SELECT count(*)
        FROM pg_catalog.pg_stat_replication AS r
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots AS s
                          WHERE s.active_pid = r.pid AND s.slot_type = 'logical')) AS standbys,
       EXISTS (SELECT FROM pg_catalog.pg_publication AS p WHERE p.pubname = 'payrollx') AS named_publication,
       EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'payrollx') AS named_schema,
       ARRAY(SELECT s.slot_name::text
             FROM pg_catalog.pg_replication_slots AS s
             WHERE s.database = pg_catalog.current_database() AND s.slot_name ^@ 'payrollx_'
             ORDER BY 1) AS named_slots,
       ARRAY(SELECT e.evtname::text
             FROM pg_catalog.pg_event_trigger AS e
             WHERE e.evtenabled IN ('O', 'A') AND e.evtevent IN ('ddl_command_start', 'ddl_command_end', 'sql_drop')
               AND (e.evttags IS NULL OR e.evttags && ARRAY[
                    'CREATE PUBLICATION', 'ALTER PUBLICATION', 'DROP PUBLICATION', 'CREATE SCHEMA', 'CREATE FUNCTION',
                    'CREATE TABLE', 'CREATE TRIGGER', 'ALTER TABLE', 'DROP TRIGGER', 'DROP SCHEMA', 'DROP FUNCTION',
                    'DROP TABLE'])
             ORDER BY 1) AS event_triggers
