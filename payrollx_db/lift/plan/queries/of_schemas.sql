-- What lies in these schemas that a lift leaves behind, changes or can't take: a schema, a topic, a name, and a detail
-- of it each.
WITH schema AS (
  SELECT n.oid, n.nspname::text AS name FROM pg_catalog.pg_namespace AS n WHERE n.nspname = ANY (%(schemas)s)
), relation AS (
  SELECT c.*, s.name AS schema_name
  FROM pg_catalog.pg_class AS c
  JOIN schema AS s ON s.oid = c.relnamespace
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
), routine AS (
  SELECT p.*, s.name AS schema_name
  FROM pg_catalog.pg_proc AS p
  JOIN schema AS s ON s.oid = p.pronamespace
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT r.schema_name, 'foreign-table' AS topic, r.relname::text AS name, s.srvname::text AS detail
FROM relation AS r
JOIN pg_catalog.pg_foreign_table AS f ON f.ftrelid = r.oid
JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
UNION ALL
SELECT r.schema_name, 'materialized-view', r.relname::text, ''
FROM relation AS r
WHERE r.relkind = 'm' AND r.relispopulated
UNION ALL
SELECT s.name, 'unknown-object', pg_catalog.pg_describe_object(d.classid, d.objid, 0), d.classid::pg_catalog.regclass::text
FROM pg_catalog.pg_depend AS d
JOIN schema AS s ON s.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
JOIN pg_catalog.pg_class AS catalog ON catalog.oid = d.classid
WHERE catalog.relname <> ALL (%(catalogs)s)
UNION ALL
SELECT r.schema_name, 'unknown-object', r.relname::text, 'relkind ' || r.relkind::text
FROM relation AS r
WHERE r.relkind <> ALL (%(kinds)s::"char"[])
UNION ALL
SELECT r.schema_name, 'partition-elsewhere', r.relname::text, pn.nspname::text || '.' || p.relname::text
FROM relation AS r
JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = r.oid
JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent AND p.relkind IN ('r', 'p', 'f')
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace AND pn.nspname <> ALL (%(schemas)s)
UNION ALL
SELECT r.schema_name, 'invalid-index', r.relname::text, t.relname::text
FROM relation AS r
JOIN pg_catalog.pg_index AS i ON i.indexrelid = r.oid AND NOT i.indisvalid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
WHERE r.relkind = 'i'
UNION ALL
SELECT r.schema_name, 'tablespace', r.relname::text, t.spcname::text
FROM relation AS r
JOIN pg_catalog.pg_tablespace AS t ON t.oid = r.reltablespace
UNION ALL
SELECT r.schema_name, 'policy-role', p.polname::text || ' on ' || r.relname::text, role.rolname::text
FROM relation AS r
JOIN pg_catalog.pg_policy AS p ON p.polrelid = r.oid
CROSS JOIN LATERAL pg_catalog.unnest(p.polroles) AS named (oid)
JOIN pg_catalog.pg_roles AS role ON role.oid = named.oid
UNION ALL
SELECT given.schema_name, 'grant', given.name, grantee.rolname::text
FROM (
  SELECT schema_name, relname::text AS name, relowner AS owner, relacl AS acl FROM relation
  UNION ALL
  SELECT schema_name, proname::text, proowner, proacl FROM routine
) AS given
CROSS JOIN LATERAL pg_catalog.aclexplode(given.acl) AS entry
JOIN pg_catalog.pg_roles AS grantee ON grantee.oid = entry.grantee AND entry.grantee <> given.owner
UNION ALL
SELECT s.name, 'default-privileges', role.rolname::text, a.defaclobjtype::text
FROM pg_catalog.pg_default_acl AS a
JOIN schema AS s ON s.oid = a.defaclnamespace
JOIN pg_catalog.pg_roles AS role ON role.oid = a.defaclrole
UNION ALL
SELECT r.schema_name, 'collation', r.relname::text || '.' || a.attname::text,
       l.collname::text
FROM relation AS r
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace AND ln.nspname = 'pg_catalog'
WHERE l.collprovider <> 'd' AND l.collname NOT IN ('C', 'POSIX', 'default')
UNION ALL
SELECT s.name, 'security-label', o.identity, l.provider
FROM pg_catalog.pg_seclabel AS l  -- not the view pg_seclabels, whose plan takes longer than all of this
CROSS JOIN LATERAL pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) AS o
JOIN schema AS s ON s.name = o.schema
UNION ALL
SELECT r.schema_name, 'privilege', r.relname::text, 'SELECT'
FROM relation AS r
WHERE r.relkind IN ('r', 'p', 'S', 'v', 'm')
  AND NOT CASE r.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(r.oid, 'SELECT')
                         ELSE pg_catalog.has_table_privilege(r.oid, 'SELECT') END
  AND (r.relkind <> 'S' OR r.relpersistence <> 't')
UNION ALL
SELECT s.name, 'privilege', s.name, 'USAGE'
FROM schema AS s
WHERE NOT pg_catalog.has_schema_privilege(s.oid, 'USAGE')
ORDER BY 1, 2, 3, 4
