-- How columns are compared, given by schema ($1), table ($2) and name ($3): the type without domains, its collation,
-- and the schema of the operator that is its own equality.
WITH RECURSIVE columns AS (
  SELECT x.schema, x.table, x.name, a.atttypid AS type, a.atttypmod AS modifier, a.attcollation, 0 AS depth
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
    AS x (schema, "table", name)
  JOIN pg_catalog.pg_namespace AS s ON s.nspname = x.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = s.oid AND c.relname = x.table
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = x.name
), bases AS (
  SELECT * FROM columns
  UNION ALL
  SELECT b.schema, b.table, b.name, t.typbasetype, CASE WHEN b.modifier = -1 THEN t.typtypmod ELSE b.modifier END, b.attcollation,
         b.depth + 1
  FROM bases AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.type
  WHERE t.typtype = 'd'
)
SELECT DISTINCT ON (b.schema, b.table, b.name)
       b.schema, b.table, b.name,
       pg_catalog.format_type(b.type, b.modifier) AS type,
       CASE WHEN l.oid IS NOT NULL THEN pg_catalog.format(' COLLATE %I.%I', ln.nspname, l.collname) ELSE '' END
         AS collation,
       CASE WHEN o.oid IS NOT NULL THEN pg_catalog.format('%I', n.nspname) ELSE 'pg_catalog' END AS schema
FROM bases AS b
JOIN pg_catalog.pg_type AS t ON t.oid = b.type
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_operator AS o
  ON o.oprname = '=' AND o.oprleft = b.type AND o.oprright = b.type AND o.oprnamespace = t.typnamespace
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = b.attcollation
LEFT JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
ORDER BY b.schema, b.table, b.name, b.depth DESC
