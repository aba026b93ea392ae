-- What belongs to a whole database, and which no dump of schemas has: a topic, a name, and a detail of it each.
SELECT 'event-trigger' AS topic, t.evtname::text AS name, t.evtevent::text AS detail
FROM pg_catalog.pg_event_trigger AS t
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass AND d.objid = t.oid
                    AND d.deptype = 'e')
UNION ALL
SELECT 'publication', p.pubname::text, ''
FROM pg_catalog.pg_publication AS p
UNION ALL
SELECT 'subscription', s.subname::text, ''
FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid AND d.datname = pg_catalog.current_database()
UNION ALL
SELECT 'foreign-server', s.srvname::text, w.fdwname::text
FROM pg_catalog.pg_foreign_server AS s
JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
UNION ALL
SELECT 'large-object', count(*)::text, ''
FROM pg_catalog.pg_largeobject_metadata
HAVING count(*) > 0
UNION ALL
SELECT 'database-setting', coalesce(r.rolname, '')::text, setting
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase AND d.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS setting
UNION ALL
SELECT 'extension', e.extname::text, e.extversion::text
FROM pg_catalog.pg_extension AS e
WHERE e.extname <> 'plpgsql'
UNION ALL
SELECT DISTINCT 'extension-use', e.extname::text, ''
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_depend AS member
  ON member.classid = d.refclassid AND member.objid = d.refobjid AND member.deptype = 'e'
JOIN pg_catalog.pg_extension AS e ON e.oid = member.refobjid
-- Not what a type brings along (its array), nor what stays behind.
WHERE d.deptype NOT IN ('e', 'i')
  AND d.classid <> 'pg_catalog.pg_foreign_server'::pg_catalog.regclass
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS other
                  WHERE other.classid = d.classid AND other.objid = d.objid AND other.deptype = 'e')
UNION ALL
SELECT 'locale', pg_catalog.concat_ws(' ', coalesce(j ->> 'datlocprovider', 'c'), d.datcollate, d.datctype,
                                      coalesce(j ->> 'datlocale', j ->> 'daticulocale')),
       pg_catalog.pg_encoding_to_char(d.encoding)::text
FROM pg_catalog.pg_database AS d, pg_catalog.to_jsonb(d) AS j
WHERE d.datname = pg_catalog.current_database()
ORDER BY 1, 2, 3
