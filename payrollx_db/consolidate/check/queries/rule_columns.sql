-- The columns of these tables as their rules meet them: the type without its domains (NULL where a domain lies deeper
-- than in an array), whether a domain may refuse a value, what fills the column where nothing else does.
WITH RECURSIVE columns AS (
  SELECT a.*
  FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
), kinds AS (
  -- Hundreds of tables have some dozen kinds of columns, and a server of many schemas has types without end.
  SELECT DISTINCT c.atttypid AS whole, c.atttypmod AS whole_modifier FROM columns AS c
), peeled AS (
  SELECT k.whole, k.whole_modifier, k.whole AS type, k.whole_modifier AS modifier, false AS listed, 1 AS depth
  FROM kinds AS k
  UNION ALL
  SELECT p.whole, p.whole_modifier,
         CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
         CASE WHEN p.modifier = -1 THEN t.typtypmod ELSE p.modifier END,
         p.listed OR t.typtype <> 'd',
         p.depth + 1
  FROM peeled AS p
  CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type WHERE oid = p.type OFFSET 0) AS t  -- looked up, not hashed
  WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0 AND NOT p.listed)
), plain AS (
  SELECT DISTINCT ON (p.whole, p.whole_modifier) p.*, t.typtype, t.typcategory, t.typlen
  FROM peeled AS p
  CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type WHERE oid = p.type OFFSET 0) AS t
  ORDER BY p.whole, p.whole_modifier, p.depth DESC
), parts AS (
  -- Every type that a column is made of.
  SELECT p.whole, p.whole_modifier, p.type,
         p.depth = max(p.depth) OVER (PARTITION BY p.whole, p.whole_modifier) AS deeper
  FROM peeled AS p
  UNION
  SELECT p.whole, p.whole_modifier, inner_type.oid, true
  FROM parts AS p
  CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type WHERE oid = p.type OFFSET 0) AS t
  CROSS JOIN LATERAL (
    SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typcategory = 'A' AND t.typelem <> 0
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
              WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
  ) AS inner_type
  WHERE p.deeper
), domains AS (
  SELECT p.whole, p.whole_modifier,
         bool_or(p.deeper AND d.typtype = 'd') AS deep,
         bool_or(d.typtype = 'd' AND (d.typnotnull OR EXISTS (
           SELECT FROM pg_catalog.pg_constraint AS k WHERE k.contypid = d.oid))) AS checked,
         string_agg((SELECT string_agg(k.conbin::text, ' ')
                     FROM pg_catalog.pg_constraint AS k WHERE k.contypid = d.oid), ' ') AS tree
  FROM parts AS p
  CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type WHERE oid = p.type OFFSET 0) AS d
  GROUP BY p.whole, p.whole_modifier
)
SELECT c.attrelid::bigint AS table,
       c.attname::text AS name,
       pg_catalog.format_type(c.atttypid, c.atttypmod) AS declared,
       CASE WHEN NOT d.deep AND p.typcategory <> 'A'
         THEN pg_catalog.format_type(p.type, p.modifier) || CASE WHEN p.listed THEN '[]' ELSE '' END END AS plain,
       d.checked,
       CASE WHEN l.oid IS NOT NULL THEN pg_catalog.format('%%I.%%I', ln.nspname, l.collname) END AS collation,
       coalesce(l.collisdeterministic, true) AS deterministic,
       p.typlen = -1 AND (p.listed OR p.modifier = -1 OR p.modifier > 100 AND p.typcategory = 'S') AS unbounded,
       c.attgenerated::text AS generated,
       -- A domain's default fills a column that has none of its own.
       CASE WHEN f.oid IS NOT NULL THEN pg_catalog.pg_get_expr(f.adbin, f.adrelid) ELSE pg_catalog.pg_get_expr(t.typdefaultbin, 0) END AS expression,
       c.attidentity <> '' AS identity,
       coalesce(f.adbin, t.typdefaultbin)::text AS tree,
       coalesce(d.tree, '') AS domains,
       -- Before Postgres 15, a generated column depends on others by itself, and not by its expression.
       ARRAY(SELECT DISTINCT o.attname::text
             FROM (SELECT 'pg_catalog.pg_attrdef'::regclass, f.oid, 0
                   UNION ALL
                   SELECT 'pg_catalog.pg_class'::regclass, c.attrelid, c.attnum WHERE c.attgenerated <> '') AS h (class, oid, part)
             JOIN pg_catalog.pg_depend AS n ON n.classid = h.class AND n.objid = h.oid AND n.objsubid = h.part
             JOIN pg_catalog.pg_attribute AS o ON o.attrelid = n.refobjid AND o.attnum = n.refobjsubid
             WHERE n.refclassid = 'pg_catalog.pg_class'::regclass AND n.refobjid = c.attrelid
               AND n.refobjsubid NOT IN (0, c.attnum)) AS columns
FROM columns AS c
JOIN plain AS p ON (p.whole, p.whole_modifier) = (c.atttypid, c.atttypmod)
JOIN domains AS d ON (d.whole, d.whole_modifier) = (c.atttypid, c.atttypmod)
JOIN pg_catalog.pg_type AS t ON t.oid = c.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = c.attrelid AND f.adnum = c.attnum
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = c.attcollation
LEFT JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
ORDER BY c.attrelid, c.attnum
