-- Replication slots that nobody reads from: logical ones of this database, and physical ones of the server.
SELECT s.slot_name::text AS name,
       s.slot_type AS kind,
       s.wal_status,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
            ELSE pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)::bigint
       END AS retained_bytes
FROM pg_catalog.pg_replication_slots AS s
WHERE NOT s.active AND NOT s.temporary
  AND (s.database = pg_catalog.current_database() OR s.database IS NULL)
ORDER BY 1
