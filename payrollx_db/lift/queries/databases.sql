-- The databases of a server that somebody made: their names, whether they take sessions, and whether this role may.
SELECT d.datname::text,
       d.datallowconn,
       pg_catalog.has_database_privilege(d.oid, 'CONNECT')
FROM pg_catalog.pg_database AS d
WHERE NOT d.datistemplate
ORDER BY d.datname
