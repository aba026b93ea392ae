-- The schemas that are to be lifted, with their comments; and how the database is set to look for names.
SELECT n.nspname::text, pg_catalog.obj_description(n.oid, 'pg_namespace'),
       (
           SELECT pg_catalog.substr(setting, 13)
           FROM pg_catalog.pg_db_role_setting AS s
           JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
           CROSS JOIN pg_catalog.unnest(s.setconfig) AS setting
           WHERE s.setrole = 0 AND d.datname = pg_catalog.current_database()
               AND pg_catalog.starts_with(setting, 'search_path=')
       )
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = ANY (%(schemas)s)
