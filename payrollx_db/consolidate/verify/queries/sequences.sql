-- The sequences that columns of these tables own, or that their defaults use; ``counted`` says that a column's values
-- are the sequence's own, so that they can be held against it.
SELECT DISTINCT n.nspname::text, c.relname::text, c.relkind::text, a.attname::text,
       pg_catalog.format('%%I.%%I', qn.nspname, q.relname),
       e.seqincrement, e.seqmin, e.seqmax, e.seqcycle,
       b.typname IN ('int2', 'int4', 'int8', 'numeric')
         AND (a.attidentity <> '' OR pg_catalog.pg_get_expr(f.adbin, f.adrelid) ~ '^\(?nextval\(''[^:]*''::regclass\)\)?(::\w+)?$'),
       pg_catalog.has_schema_privilege(qn.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(q.oid, 'SELECT')
FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS t (schema, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schema
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
JOIN pg_catalog.pg_type AS b ON b.oid = CASE y.typtype WHEN 'd' THEN y.typbasetype ELSE y.oid END
LEFT JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = c.oid AND f.adnum = a.attnum
JOIN LATERAL (
  SELECT d.objid AS sequence FROM pg_catalog.pg_depend AS d
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype = 'i'
  UNION
  SELECT d.refobjid FROM pg_catalog.pg_depend AS d
  WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
) AS u ON true
JOIN pg_catalog.pg_class AS q ON q.oid = u.sequence AND q.relkind = 'S'
JOIN pg_catalog.pg_namespace AS qn ON qn.oid = q.relnamespace
JOIN pg_catalog.pg_sequence AS e ON e.seqrelid = q.oid
ORDER BY 1, 2, 4, 5
