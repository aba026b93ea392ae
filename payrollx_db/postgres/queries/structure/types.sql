-- Enums, domains, composites and ranges that the columns are of, at any depth; not those of extensions, which come
-- with these. One that several tables use is said once a root.
SELECT u.root,
       'type',
       pg_catalog.format('%%I.%%I', n.nspname, t.typname),
       '',
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'of kind', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' ELSE 'base' END,
         'labels', (SELECT pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid),
         'type', CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
         'collation', CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation
                           THEN (SELECT pg_catalog.format('%%I.%%I', cn.nspname, l.collname)
                                 FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS cn ON cn.oid = l.collnamespace
                                 WHERE l.oid = t.typcollation) END,
         'not null', CASE WHEN t.typtype = 'd' THEN NULLIF(t.typnotnull, false) END,
         'default', pg_catalog.pg_get_expr(t.typdefaultbin, 0),
         'checks', (SELECT pg_catalog.jsonb_object_agg(pg_catalog.quote_ident(k.conname), pg_catalog.pg_get_constraintdef(k.oid))
                    FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid AND k.contype = 'c'),
         'attributes', (SELECT pg_catalog.jsonb_agg(
                                 pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
                                 || coalesce(' COLLATE ' || pg_catalog.quote_ident(NULLIF(l.collname, 'default')), '')
                                 ORDER BY a.attnum)
                        FROM pg_catalog.pg_attribute AS a
                        LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
                        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
         'subtype', (SELECT pg_catalog.concat_ws(' ', pg_catalog.format_type(r.rngsubtype, NULL), NULLIF(o.opcname, d.opcname),
                                                 l.collname, NULLIF(r.rngcanonical::oid, 0)::regproc, NULLIF(r.rngsubdiff::oid, 0)::regproc)
                     FROM pg_catalog.pg_range AS r
                     JOIN pg_catalog.pg_opclass AS o ON o.oid = r.rngsubopc
                     LEFT JOIN pg_catalog.pg_opclass AS d ON d.opcmethod = o.opcmethod AND d.opcintype = o.opcintype AND d.opcdefault
                     LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = r.rngcollation
                     WHERE r.rngtypid = t.oid),
         'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(t.typowner)),
         'privileges', (SELECT pg_catalog.jsonb_agg(g.privilege ORDER BY g.privilege)
                        FROM (SELECT DISTINCT a.privilege_type || ' ON TYPE %%s TO '
                                     || CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END
                                     || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
                              FROM pg_catalog.aclexplode(coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner))) AS a
                              WHERE a.grantee <> t.typowner) AS g),
         'owner lacks', CASE WHEN t.typacl IS NOT NULL THEN (SELECT pg_catalog.jsonb_agg(l.privilege ORDER BY l.privilege)
                        FROM (SELECT a.privilege_type AS privilege
                              FROM pg_catalog.aclexplode(pg_catalog.acldefault('T', t.typowner)) AS a WHERE a.grantee = t.typowner
                              EXCEPT SELECT a.privilege_type FROM pg_catalog.aclexplode(t.typacl) AS a WHERE a.grantee = t.typowner) AS l) END,
         'check comments', (SELECT pg_catalog.jsonb_object_agg(pg_catalog.quote_ident(k.conname), pg_catalog.obj_description(k.oid, 'pg_constraint'))
                            FROM pg_catalog.pg_constraint AS k
                            WHERE k.contypid = t.oid AND pg_catalog.obj_description(k.oid, 'pg_constraint') IS NOT NULL),
         'attribute comments', (SELECT pg_catalog.jsonb_object_agg(pg_catalog.quote_ident(a.attname), d.description)
                                FROM pg_catalog.pg_description AS d
                                JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
                                WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = t.typrelid AND d.objsubid > 0),
         'comment', pg_catalog.obj_description(t.oid, 'pg_type')
       ))
FROM used_types AS u
JOIN pg_catalog.pg_type AS t ON t.oid = u.oid AND t.typtype IN ('e', 'd', 'c', 'r')
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (c.oid IS NULL OR c.relkind = 'c') -- a table's own row type says nothing that its columns don't
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS x
                  WHERE x.classid = 'pg_catalog.pg_type'::regclass AND x.objid = t.oid AND x.deptype = 'e')
