-- Which values there are in some columns of a table: by an index over them, each is the first one beyond the one before.
WITH RECURSIVE s AS (
  (SELECT {columns} FROM {table} AS t ORDER BY {columns} LIMIT 1)
  UNION ALL
  SELECT n.* FROM s CROSS JOIN LATERAL (
    SELECT {columns} FROM {table} AS t WHERE ({columns}) > ({before}) ORDER BY {columns} LIMIT 1) AS n
)
(SELECT {texts} FROM s LIMIT {most})
UNION ALL
SELECT {nulls} WHERE EXISTS (SELECT FROM {table} AS t WHERE {missing})
