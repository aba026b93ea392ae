-- Who this database is, and what it can do.
SELECT (SELECT s.system_identifier::text FROM pg_catalog.pg_control_system() AS s),
       d.datname::text,
       pg_catalog.current_setting('server_version_num')::int,
       pg_catalog.current_setting('server_version'),
       pg_catalog.pg_encoding_to_char(d.encoding)::text,
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('lc_monetary'),
       pg_catalog.scale(0::money::numeric)
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
