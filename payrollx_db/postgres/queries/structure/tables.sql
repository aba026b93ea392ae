SELECT s.root,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
       s.name AS table_name,
       ''::text AS name,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'partitioned by', CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
         'partition of', CASE WHEN c.relispartition THEN p.names ->> 0 END,
         'detach pending', NULLIF(p.pending, false),
         'of type', CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END,
         'bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid),
         'parents', CASE WHEN NOT c.relispartition THEN p.names END,
         'persistence', NULLIF(c.relpersistence, 'p'),
         'tablespace', pg_catalog.quote_ident(t.spcname),
         'access method', NULLIF(m.amname, 'heap'),
         'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)),
         'privileges', (SELECT pg_catalog.jsonb_agg(g.privilege ORDER BY g.privilege)
                        FROM (SELECT DISTINCT a.privilege_type || ' ON %%s TO '
                                     || CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END
                                     || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
                              FROM pg_catalog.aclexplode(c.relacl) AS a WHERE a.grantee <> c.relowner) AS g),
         'owner lacks', CASE WHEN c.relacl IS NOT NULL THEN (SELECT pg_catalog.jsonb_agg(l.privilege ORDER BY l.privilege)
                        FROM (SELECT a.privilege_type AS privilege
                              FROM pg_catalog.aclexplode(pg_catalog.acldefault('r', c.relowner)) AS a WHERE a.grantee = c.relowner
                              EXCEPT SELECT a.privilege_type FROM pg_catalog.aclexplode(c.relacl) AS a WHERE a.grantee = c.relowner) AS l) END,
         'options', pg_catalog.to_jsonb(c.reloptions),
         'toast options', (SELECT pg_catalog.to_jsonb(o.reloptions) FROM pg_catalog.pg_class AS o WHERE o.oid = c.reltoastrelid),
         'row security', NULLIF(c.relrowsecurity, false),
         'forced row security', NULLIF(c.relforcerowsecurity, false),
         'replica identity', NULLIF(c.relreplident, CASE WHEN c.relkind IN ('r', 'p', 'm') THEN 'd' ELSE 'n' END),
         'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
         'not populated', NULLIF(NOT c.relispopulated, false),
         'published in', (SELECT pg_catalog.jsonb_agg(pg_catalog.quote_ident(b.pubname) ORDER BY b.pubname)
                          FROM pg_catalog.pg_publication_rel AS r JOIN pg_catalog.pg_publication AS b ON b.oid = r.prpubid
                          WHERE r.prrelid = c.oid),
         -- The columns and the rows of it that are published, where it isn't all of them; older servers publish all.
         'published so', (SELECT pg_catalog.jsonb_object_agg(pg_catalog.quote_ident(b.pubname), pg_catalog.concat_ws(' ',
                                   '(' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(e.name), ', ')
                                           FROM pg_catalog.jsonb_array_elements_text(v.published -> 'attnames') AS e (name)) || ')',
                                   'WHERE (' || (v.published ->> 'rowfilter') || ')'))
                          FROM pg_catalog.pg_publication_rel AS r
                          JOIN pg_catalog.pg_publication AS b ON b.oid = r.prpubid
                          CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(e) AS published FROM pg_catalog.pg_publication_tables AS e
                                              WHERE (e.pubname, e.schemaname, e.tablename) = (b.pubname, s.schema, c.relname)) AS v
                          WHERE r.prrelid = c.oid
                            AND (pg_catalog.to_jsonb(r) ->> 'prattrs' IS NOT NULL OR pg_catalog.to_jsonb(r) ->> 'prqual' IS NOT NULL)),
         -- Foreign keys and deferred uniques are held by triggers of the server's own, which can be disabled as well.
         'unenforced constraints', (SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.quote_ident(k.conname) || ': ' || g.tgenabled::text)
                          FROM pg_catalog.pg_trigger AS g JOIN pg_catalog.pg_constraint AS k ON k.oid = g.tgconstraint
                          WHERE g.tgrelid = c.oid AND g.tgisinternal AND g.tgenabled <> 'O'),
         'comment', said.description
       )) AS properties
FROM scope AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.oid
LEFT JOIN pg_catalog.pg_tablespace AS t ON t.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
LEFT JOIN pg_catalog.pg_description AS said
  ON said.objoid = c.oid AND said.classoid = 'pg_catalog.pg_class'::regclass AND said.objsubid = 0
LEFT JOIN LATERAL (
  SELECT pg_catalog.jsonb_agg(pg_catalog.format('%%I.%%I', pn.nspname, pc.relname) ORDER BY i.inhseqno) AS names,
         pg_catalog.bool_or(i.inhdetachpending) AS pending
  FROM pg_catalog.pg_inherits AS i
  JOIN pg_catalog.pg_class AS pc ON pc.oid = i.inhparent JOIN pg_catalog.pg_namespace AS pn ON pn.oid = pc.relnamespace
  WHERE i.inhrelid = c.oid
) AS p ON true
