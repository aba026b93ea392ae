-- How one slot stands. Columns that not all versions have are read by name.
SELECT s.slot_name::text, s.plugin::text, s.database::text,
       s.database OPERATOR(pg_catalog.=) pg_catalog.current_database(), s.active, s.active_pid,
       pg_catalog.pg_wal_lsn_diff(s.restart_lsn, '0/0')::bigint,
       pg_catalog.pg_wal_lsn_diff(s.confirmed_flush_lsn, '0/0')::bigint,
       pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                                       ELSE pg_catalog.pg_current_wal_lsn() END, '0/0')::bigint,
       s.wal_status, s.safe_wal_size,
       coalesce(pg_catalog.to_jsonb(s) ->> 'invalidation_reason',
                CASE WHEN (pg_catalog.to_jsonb(s) ->> 'conflicting')::boolean THEN 'conflict' END)
FROM pg_catalog.pg_replication_slots AS s
WHERE s.slot_name OPERATOR(pg_catalog.=) {name}
