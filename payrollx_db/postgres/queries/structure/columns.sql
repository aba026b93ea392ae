SELECT s.root,
       CASE WHEN s.relkind IN ('v', 'm') THEN 'view column' ELSE 'column' END,
       s.name,
       pg_catalog.quote_ident(a.attname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
         'collation', CASE WHEN a.attcollation <> t.typcollation THEN pg_catalog.format('%%I.%%I', cn.nspname, l.collname) END,
         'not null', NULLIF(a.attnotnull, false),
         'not null, not valid', NULLIF(NOT k.convalidated, false),
         'not null, not inherited', NULLIF(k.connoinherit, false),
         'generated', NULLIF(a.attgenerated, ''),
         'identity', NULLIF(a.attidentity, ''),
         'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
         'storage', NULLIF(a.attstorage, t.typstorage),
         'compression', NULLIF(a.attcompression, ''),
         'statistics target', NULLIF(coalesce(a.attstattarget, -1), -1),
         -- Not everything there is somebody's choice: some servers keep marks of their own.
         'options', CASE WHEN a.attoptions IS NOT NULL THEN (SELECT pg_catalog.jsonb_agg(o.option ORDER BY o.option)
                     FROM pg_catalog.unnest(a.attoptions) AS o (option) WHERE o.option ~ '^n_distinct') END,
         'privileges', CASE WHEN a.attacl IS NOT NULL THEN (SELECT pg_catalog.jsonb_agg(g.privilege ORDER BY g.privilege)
                        FROM (SELECT DISTINCT e.privilege_type || ' (' || pg_catalog.quote_ident(a.attname) || ') ON %%s TO '
                                     || CASE e.grantee WHEN 0 THEN 'PUBLIC'
                                        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(e.grantee)) END
                                     || CASE WHEN e.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
                              FROM pg_catalog.aclexplode(a.attacl) AS e) AS g) END,
         'comment', said.description
       ))
FROM scope AS s
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN (WITH unusual AS MATERIALIZED (
  -- Of all that are NOT NULL, by which newer servers have a constraint each, only those that aren't as usual.
  SELECT n.conrelid, n.conkey[1] AS attnum, n.convalidated, n.connoinherit
  FROM pg_catalog.pg_constraint AS n
  WHERE n.contype = 'n' AND (NOT n.convalidated OR n.connoinherit)
) SELECT * FROM unusual) AS k ON k.conrelid = a.attrelid AND k.attnum = a.attnum
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = l.collnamespace
LEFT JOIN pg_catalog.pg_description AS said
  ON said.objoid = a.attrelid AND said.classoid = 'pg_catalog.pg_class'::regclass AND said.objsubid = a.attnum
