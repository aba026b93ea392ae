-- Keys, exclusions and CHECKs of these tables, and the foreign keys that leave or reach them. What the server makes
-- of a foreign key for each partition, and a CHECK that is its parent's, are no objects of their own.
SELECT e.root,
       CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' WHEN 'x' THEN 'exclusion constraint'
         WHEN 'f' THEN 'foreign key' ELSE 'check' END,
       pg_catalog.format('%%I.%%I', n.nspname, c.relname),
       pg_catalog.quote_ident(k.conname),
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'definition', pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', ''),
         'not valid', NULLIF(NOT k.convalidated, false),
         'refers to', CASE WHEN k.contype = 'f' THEN pg_catalog.format('%%I.%%I', fn.nspname, f.relname) END,
         'part of', CASE WHEN k.conparentid <> 0 THEN (SELECT pg_catalog.jsonb_build_array(pg_catalog.format('%%I.%%I', pn.nspname, pt.relname), pg_catalog.quote_ident(pk.conname))
                     FROM pg_catalog.pg_constraint AS pk
                     JOIN pg_catalog.pg_class AS pt ON pt.oid = pk.conrelid
                     JOIN pg_catalog.pg_namespace AS pn ON pn.oid = pt.relnamespace
                     WHERE pk.oid = k.conparentid) END,
         'comment', said.description
       ))
FROM (
  -- Each once, before anything is written of it: by the table that has it, or else by one that it refers to.
  SELECT DISTINCT ON (k.oid) s.root, k.oid
  FROM scope AS s
  CROSS JOIN LATERAL (
    SELECT b.oid FROM pg_catalog.pg_constraint AS b WHERE b.conrelid = s.oid
    -- What a key refers to, no index of pg_constraint finds; that it depends on it, one of pg_depend does.
    UNION ALL SELECT d.objid FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.refobjid = s.oid AND d.deptype = 'n'
  ) AS r
  JOIN pg_catalog.pg_constraint AS k ON k.oid = r.oid AND s.oid IN (k.conrelid, k.confrelid)
  WHERE k.contype IN ('p', 'u', 'x') OR (k.contype = 'f' AND k.conparentid = 0) OR (k.contype = 'c' AND k.conislocal)
  ORDER BY k.oid, s.oid <> k.conrelid
) AS e
JOIN pg_catalog.pg_constraint AS k ON k.oid = e.oid
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
LEFT JOIN pg_catalog.pg_description AS said
  ON said.objoid = k.oid AND said.classoid = 'pg_catalog.pg_constraint'::regclass AND said.objsubid = 0
