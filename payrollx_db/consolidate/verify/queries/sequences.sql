-- The sequences that columns of these tables own, or that their defaults use; ``counted`` says that a column's values
-- are the sequence's own, so that they can be held against it. A partition may have sequences of its own: it is listed
-- with the table that it is of, and only where it doesn't take its numbers from where its parent does.
--
-- Tables and uses are steps of their own: what is guessed of the whole makes it look at each column for each sequence.
WITH RECURSIVE listed AS (
  SELECT c.oid, c.relname, c.relkind, n.nspname, 0::oid AS parent, n.nspname AS root_schema, c.relname AS root_name
  FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS t (schema, name)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name
  UNION ALL
  SELECT c.oid, c.relname, c.relkind, n.nspname, l.oid, l.root_schema, l.root_name
  FROM listed AS l
  JOIN pg_catalog.pg_inherits AS h ON h.inhparent = l.oid
  JOIN pg_catalog.pg_class AS c ON c.oid = h.inhrelid AND c.relispartition
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
), chosen AS MATERIALIZED (
  SELECT * FROM listed
), used AS MATERIALIZED (
  SELECT c.oid AS relation, d.refobjsubid AS attnum, d.objid AS sequence
  FROM chosen AS c
  JOIN pg_catalog.pg_depend AS d
    ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid > 0
   AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'i'
  UNION
  SELECT c.oid, f.adnum, d.refobjid
  FROM chosen AS c
  JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = c.oid
  JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
   AND d.refclassid = 'pg_catalog.pg_class'::regclass
)
SELECT DISTINCT c.nspname::text, c.relname::text, a.attname::text, c.root_schema::text, c.root_name::text,
       c.relkind::text,
       pg_catalog.format('%%I.%%I', qn.nspname, q.relname),
       e.seqincrement, e.seqmin, e.seqmax, e.seqcycle,
       b.typname IN ('int2', 'int4', 'int8', 'numeric')
         AND (a.attidentity <> '' OR pg_catalog.pg_get_expr(f.adbin, f.adrelid) ~ '^\(?nextval\(''[^:]*''::regclass\)\)?(::\w+)?$'),
       pg_catalog.has_schema_privilege(qn.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(q.oid, 'SELECT')
FROM used AS u
JOIN chosen AS c ON c.oid = u.relation
JOIN pg_catalog.pg_class AS q ON q.oid = u.sequence AND q.relkind = 'S'
JOIN pg_catalog.pg_namespace AS qn ON qn.oid = q.relnamespace
JOIN pg_catalog.pg_sequence AS e ON e.seqrelid = q.oid
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = u.relation AND a.attnum = u.attnum AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
JOIN pg_catalog.pg_type AS b ON b.oid = CASE y.typtype WHEN 'd' THEN y.typbasetype ELSE y.oid END
LEFT JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = u.relation AND f.adnum = u.attnum
WHERE NOT EXISTS (
  SELECT FROM used AS p
  JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = p.relation AND pa.attnum = p.attnum
  WHERE p.relation = c.parent AND p.sequence = u.sequence AND pa.attname = a.attname
)
ORDER BY 1, 2, 3, 7
