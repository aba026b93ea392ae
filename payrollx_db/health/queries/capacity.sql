-- How many sessions this server and this database take, and how many there are.
-- reserved_connections is there since Postgres 16. Whose backend_type is hidden from this role counts as well.
SELECT pg_catalog.current_setting('max_connections')::integer AS max_connections,
       pg_catalog.current_setting('superuser_reserved_connections')::integer
         + coalesce(pg_catalog.current_setting('reserved_connections', true)::integer, 0) AS reserved,
       nullif(d.datconnlimit, -1) AS database_limit,
       (SELECT count(*)
        FROM pg_catalog.pg_stat_activity AS s
        WHERE s.usesysid IS NOT NULL AND s.datid IS NOT NULL
          AND coalesce(s.backend_type, 'client backend') = 'client backend') AS used,
       (SELECT count(*)
        FROM pg_catalog.pg_stat_activity AS s
        WHERE s.datid = d.oid AND s.usesysid IS NOT NULL
          AND coalesce(s.backend_type, 'client backend') = 'client backend') AS used_here
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
