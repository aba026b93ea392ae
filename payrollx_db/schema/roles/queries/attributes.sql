-- What each of our roles is, beside what it may.
SELECT rolname::text AS name, rolcanlogin AS logs_in,
       array_remove(ARRAY[
         CASE WHEN rolsuper THEN 'SUPERUSER' END,
         CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
         CASE WHEN rolcreatedb THEN 'CREATEDB' END,
         CASE WHEN rolreplication THEN 'REPLICATION' END,
         CASE WHEN rolbypassrls THEN 'BYPASSRLS' END
       ], NULL) AS powers
FROM pg_catalog.pg_roles
WHERE rolname = ANY (%(roles)s)
