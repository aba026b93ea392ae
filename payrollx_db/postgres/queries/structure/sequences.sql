-- The sequences that columns own, or that their defaults use. Where they stand is another matter.
SELECT DISTINCT ON (s.sequence)
       s.root,
       'sequence',
       s.name,
       pg_catalog.format('%%I.%%I', n.nspname, c.relname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'type', pg_catalog.format_type(e.seqtypid, NULL),
         'start', e.seqstart,
         'increment', e.seqincrement,
         'minimum', e.seqmin,
         'maximum', e.seqmax,
         'cache', NULLIF(e.seqcache, 1),
         'cycle', NULLIF(e.seqcycle, false),
         'owned by', o.column_name,
         'persistence', NULLIF(c.relpersistence, 'p'),
         'owner', CASE WHEN o.column_name IS NULL THEN pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)) END,
         'privileges', (SELECT pg_catalog.jsonb_agg(g.privilege ORDER BY g.privilege)
                        FROM (SELECT DISTINCT a.privilege_type || ' ON SEQUENCE %%s TO '
                                     || CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END
                                     || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
                              FROM pg_catalog.aclexplode(c.relacl) AS a WHERE a.grantee <> c.relowner) AS g),
         'owner lacks', CASE WHEN c.relacl IS NOT NULL THEN (SELECT pg_catalog.jsonb_agg(l.privilege ORDER BY l.privilege)
                        FROM (SELECT a.privilege_type AS privilege
                              FROM pg_catalog.aclexplode(pg_catalog.acldefault('s', c.relowner)) AS a WHERE a.grantee = c.relowner
                              EXCEPT SELECT a.privilege_type FROM pg_catalog.aclexplode(c.relacl) AS a WHERE a.grantee = c.relowner) AS l) END,
         'comment', said.description
       ))
FROM (
  SELECT s.root, s.name, d.objid AS sequence
  FROM scope AS s
  JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = s.oid
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
  UNION
  SELECT s.root, s.name, d.refobjid
  FROM scope AS s
  JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = s.oid
  JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
  WHERE d.refclassid = 'pg_catalog.pg_class'::regclass
) AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.sequence AND c.relkind = 'S' AND c.relpersistence <> 't'
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_sequence AS e ON e.seqrelid = s.sequence
LEFT JOIN pg_catalog.pg_description AS said
  ON said.objoid = c.oid AND said.classoid = 'pg_catalog.pg_class'::regclass AND said.objsubid = 0
LEFT JOIN (
  SELECT d.objid AS sequence, pg_catalog.format('%%I.%%I.%%I', rn.nspname, r.relname, a.attname) AS column_name
  FROM pg_catalog.pg_depend AS d
  JOIN pg_catalog.pg_class AS r ON r.oid = d.refobjid
  JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.deptype IN ('a', 'i')
) AS o ON o.sequence = s.sequence
ORDER BY s.sequence, s.name
