-- The CHECK constraints of these tables and, where they are partitioned, those of a partition's own. What a partition
-- demands beyond it (NOT NULL, its bounds) holds for the rows that go there. Whether a generated column is NULL shows
-- when it is computed.
WITH members AS (
  SELECT t.oid AS root, coalesce(p.relid::oid, t.oid) AS relid
  FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p ON true
)
SELECT m.root::bigint AS table,
       k.conname::text AS name,
       pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS expression,
       k.conbin::text AS tree,
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.pg_attribute AS a
             WHERE a.attrelid = m.relid AND a.attnum = ANY (k.conkey)
             ORDER BY a.attnum) AS columns,
       CASE WHEN m.relid <> m.root THEN pg_catalog.format('%%I.%%I', n.nspname, c.relname) END AS partition,
       CASE WHEN m.relid <> m.root THEN pg_catalog.pg_get_partition_constraintdef(m.relid) END AS bounds
FROM members AS m
JOIN pg_catalog.pg_class AS c ON c.oid = m.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_constraint AS k ON k.conrelid = m.relid AND k.contype = 'c'
WHERE (m.relid = m.root OR k.coninhcount = 0)
  AND coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean, true)
UNION ALL
SELECT m.root::bigint,
       'NOT NULL',
       pg_catalog.format('%%I IS NOT NULL', a.attname),
       '',
       ARRAY[a.attname::text],
       pg_catalog.format('%%I.%%I', n.nspname, c.relname),
       pg_catalog.pg_get_partition_constraintdef(m.relid)
FROM members AS m
JOIN pg_catalog.pg_class AS c ON c.oid = m.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = m.relid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
JOIN pg_catalog.pg_attribute AS r ON r.attrelid = m.root AND r.attname = a.attname AND NOT r.attnotnull
WHERE m.relid <> m.root
UNION ALL
SELECT t.oid::bigint,
       'NOT NULL',
       pg_catalog.format('%%I IS NOT NULL', a.attname),
       '',
       ARRAY[a.attname::text],
       NULL,
       NULL
FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND a.attgenerated <> ''
ORDER BY 1, 6 NULLS FIRST, 2, 3
