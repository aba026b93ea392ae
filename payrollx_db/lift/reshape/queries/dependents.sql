-- What stands on single columns of a schema's tables, so that their types can't be changed, or only together with it.
SELECT c.relname::text, a.attname::text, o.kind, o.schema, o.parent, o.name
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'f')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND a.attnum > 0
CROSS JOIN LATERAL (
  SELECT CASE WHEN w.rulename <> '_RETURN' THEN 'rule' WHEN v.relkind = 'm' THEN 'materialized view' ELSE 'view' END,
         vn.nspname::text, v.relname::text, CASE WHEN w.rulename <> '_RETURN' THEN w.rulename::text ELSE '' END
  FROM pg_catalog.pg_rewrite AS w
  JOIN pg_catalog.pg_class AS v ON v.oid = w.ev_class
  JOIN pg_catalog.pg_namespace AS vn ON vn.oid = v.relnamespace
  WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
  UNION ALL
  SELECT 'policy', pn.nspname::text, t.relname::text, p.polname::text
  FROM pg_catalog.pg_policy AS p
  JOIN pg_catalog.pg_class AS t ON t.oid = p.polrelid
  JOIN pg_catalog.pg_namespace AS pn ON pn.oid = t.relnamespace
  WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid
  UNION ALL
  SELECT 'trigger', tn.nspname::text, t.relname::text, g.tgname::text
  FROM pg_catalog.pg_trigger AS g
  JOIN pg_catalog.pg_class AS t ON t.oid = g.tgrelid
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
  WHERE d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = d.objid AND NOT g.tgisinternal
  UNION ALL
  SELECT 'generated column', n.nspname::text, c.relname::text, ga.attname::text
  FROM pg_catalog.pg_attrdef AS f
  JOIN pg_catalog.pg_attribute AS ga ON ga.attrelid = f.adrelid AND ga.attnum = f.adnum AND ga.attgenerated <> ''
  WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = d.objid AND f.adnum <> d.refobjsubid
  UNION ALL
  -- Before Postgres 15, a generated column stands on others by itself, and not by its expression.
  SELECT 'generated column', n.nspname::text, c.relname::text, ga.attname::text
  FROM pg_catalog.pg_attribute AS ga
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid > 0
    AND ga.attrelid = c.oid AND ga.attnum = d.objsubid AND ga.attgenerated <> '' AND ga.attnum <> d.refobjsubid
  UNION ALL
  SELECT 'check', n.nspname::text, c.relname::text, con.conname::text
  FROM pg_catalog.pg_constraint AS con
  WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND con.oid = d.objid AND con.contype = 'c'
  UNION ALL
  SELECT 'index with an expression', n.nspname::text, c.relname::text, ic.relname::text
  FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid
  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = d.objid
    AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL)
  UNION ALL
  SELECT 'function', fn.nspname::text, '', pg_catalog.format('%%I(%%s)', f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid))
  FROM pg_catalog.pg_proc AS f JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.pronamespace
  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND f.oid = d.objid
  UNION ALL
  SELECT 'publication', '', '', b.pubname::text
  FROM pg_catalog.pg_publication_rel AS r JOIN pg_catalog.pg_publication AS b ON b.oid = r.prpubid
  WHERE d.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass AND r.oid = d.objid
) AS o (kind, schema, parent, name)
WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND n.nspname = %(schema)s
UNION
SELECT c.relname::text, a.attname::text, 'partition key', n.nspname::text, c.relname::text, ''
FROM pg_catalog.pg_partitioned_table AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.partrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (p.partattrs::int2[])
WHERE n.nspname = %(schema)s
ORDER BY 1, 2, 3, 4, 5, 6
