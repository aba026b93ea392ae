-- Where functions of this database may expect to find names: its public schema, and those of its extensions.
SELECT n.nspname::text
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = 'public'
   OR n.oid IN (SELECT e.extnamespace FROM pg_catalog.pg_extension AS e) AND n.nspname !~ '^pg_'
ORDER BY n.nspname <> 'public', n.nspname
