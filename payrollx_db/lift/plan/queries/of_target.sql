-- What the target has for what is to come: a topic, a name, and a detail of it each.
SELECT 'role' AS topic, r.rolname::text AS name, '' AS detail
FROM pg_catalog.pg_roles AS r
UNION ALL
SELECT 'collation', l.collname::text, ''
FROM pg_catalog.pg_collation AS l
JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database() AND l.collencoding IN (-1, d.encoding)
JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace AND n.nspname = 'pg_catalog'
UNION ALL
SELECT 'tablespace', t.spcname::text, ''
FROM pg_catalog.pg_tablespace AS t
UNION ALL
SELECT 'foreign-server', s.srvname::text, ''
FROM pg_catalog.pg_foreign_server AS s
UNION ALL
SELECT 'installed', e.extname::text, e.extversion::text
FROM pg_catalog.pg_extension AS e
UNION ALL
SELECT 'version', v.name::text, v.version
FROM pg_catalog.pg_available_extension_versions AS v
WHERE v.name = ANY (%(extensions)s)
UNION ALL
SELECT 'default', a.name::text, a.default_version
FROM pg_catalog.pg_available_extensions AS a
WHERE a.name = ANY (%(extensions)s)
UNION ALL
SELECT 'forbidden', v.name::text, v.version
FROM pg_catalog.pg_available_extension_versions AS v
WHERE v.name = ANY (%(extensions)s) AND v.superuser
  AND NOT (v.trusted AND pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))
  AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = SESSION_USER)
UNION ALL
SELECT 'locale', pg_catalog.concat_ws(' ', coalesce(j ->> 'datlocprovider', 'c'), d.datcollate, d.datctype,
                                      coalesce(j ->> 'datlocale', j ->> 'daticulocale')),
       pg_catalog.pg_encoding_to_char(d.encoding)::text
FROM pg_catalog.pg_database AS d, pg_catalog.to_jsonb(d) AS j
WHERE d.datname = pg_catalog.current_database()
ORDER BY 1, 2, 3
