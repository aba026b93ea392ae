-- What is known of the room for the log: where it lies, the system's identifier, and the limit for a slot in bytes
-- (NULL: none). A role without pg_read_all_settings isn't told the directory.
SELECT (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'data_directory'),
       (SELECT c.system_identifier::text FROM pg_catalog.pg_control_system() AS c),
       (SELECT NULLIF(s.setting::bigint, -1) * 1024 * 1024 FROM pg_catalog.pg_settings AS s
        WHERE s.name = 'max_slot_wal_keep_size')
