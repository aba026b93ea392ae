-- Functions that the server itself calls for these tables: of triggers, defaults, generated columns, CHECKs, indexes,
-- statistics objects, policies, rules, views, partition keys and domains. Not what these call in turn, which nothing
-- records; and not those of extensions, which come with these.
SELECT DISTINCT ON (u.root, f.oid)
       u.root,
       'function',
       f.oid::pg_catalog.regprocedure::text,
       '',
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', CASE WHEN f.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(f.oid) END,
         'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(f.proowner)),
         'privileges', (SELECT pg_catalog.jsonb_agg(g.privilege ORDER BY g.privilege)
                        FROM (SELECT DISTINCT a.privilege_type || ' ON ROUTINE %%s TO '
                                     || CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END
                                     || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
                              FROM pg_catalog.aclexplode(coalesce(f.proacl, pg_catalog.acldefault('f', f.proowner))) AS a
                              WHERE a.grantee <> f.proowner) AS g),
         'owner lacks', CASE WHEN f.proacl IS NOT NULL THEN (SELECT pg_catalog.jsonb_agg(l.privilege ORDER BY l.privilege)
                        FROM (SELECT a.privilege_type AS privilege
                              FROM pg_catalog.aclexplode(pg_catalog.acldefault('f', f.proowner)) AS a WHERE a.grantee = f.proowner
                              EXCEPT SELECT a.privilege_type FROM pg_catalog.aclexplode(f.proacl) AS a WHERE a.grantee = f.proowner) AS l) END,
         'comment', pg_catalog.obj_description(f.oid, 'pg_proc')
       ))
FROM (
  SELECT c.root, d.refobjid AS oid
  FROM (
      SELECT s.root, 'pg_catalog.pg_trigger'::regclass, t.oid
      FROM scope AS s JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = s.oid AND NOT t.tgisinternal
      UNION ALL
      SELECT s.root, 'pg_catalog.pg_attrdef'::regclass, d.oid FROM scope AS s JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = s.oid
      UNION ALL
      SELECT s.root, 'pg_catalog.pg_constraint'::regclass, k.oid FROM scope AS s JOIN pg_catalog.pg_constraint AS k ON k.conrelid = s.oid
      UNION ALL
      SELECT s.root, 'pg_catalog.pg_class'::regclass, i.indexrelid FROM scope AS s JOIN pg_catalog.pg_index AS i ON i.indrelid = s.oid
      UNION ALL
      -- Partition keys; and before Postgres 15, generated columns depend on functions by themselves.
      SELECT s.root, 'pg_catalog.pg_class'::regclass, s.oid FROM scope AS s WHERE s.relkind IN ('p', 'r', 'f')
      UNION ALL
      SELECT s.root, 'pg_catalog.pg_statistic_ext'::regclass, x.oid FROM scope AS s JOIN pg_catalog.pg_statistic_ext AS x ON x.stxrelid = s.oid
      UNION ALL
      SELECT s.root, 'pg_catalog.pg_policy'::regclass, p.oid FROM scope AS s JOIN pg_catalog.pg_policy AS p ON p.polrelid = s.oid
      UNION ALL
      SELECT s.root, 'pg_catalog.pg_rewrite'::regclass, w.oid FROM scope AS s JOIN pg_catalog.pg_rewrite AS w ON w.ev_class = s.oid
      UNION ALL
      -- Of domains alone: without the second condition, the server reads the constraints of all tables for it.
      SELECT t.root, 'pg_catalog.pg_constraint'::regclass, k.oid
      FROM used_types AS t JOIN pg_catalog.pg_constraint AS k ON k.contypid = t.oid AND k.contypid > 0
      UNION ALL
      SELECT t.root, 'pg_catalog.pg_type'::regclass, t.oid FROM used_types AS t
      UNION ALL
      SELECT r.root, 'pg_catalog.pg_event_trigger'::regclass, e.oid
      FROM (SELECT DISTINCT s.root FROM scope AS s) AS r CROSS JOIN pg_catalog.pg_event_trigger AS e
  ) AS c (root, class, oid)
  JOIN pg_catalog.pg_depend AS d ON d.classid = c.class AND d.objid = c.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass
  UNION ALL
  SELECT '', p.oid
  FROM names AS l
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema
  JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = l.name AND p.oid >= 16384
  WHERE l.text = p.oid::pg_catalog.regprocedure::text
) AS u
JOIN pg_catalog.pg_proc AS f ON f.oid = u.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS x
                  WHERE x.classid = 'pg_catalog.pg_proc'::regclass AND x.objid = f.oid AND x.deptype = 'e')
ORDER BY u.root, f.oid
