-- The replica identity of each of these tables. That of a partitioned table is what its partitions have: the log is
-- written of them.
WITH parts AS (
  SELECT t.root, c.oid, c.relreplident::text AS kind, c.relpersistence <> 'u' AS logged,
         (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
          FROM pg_catalog.pg_index AS i
          CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
          WHERE i.indrelid = c.oid AND i.indisreplident AND k.place <= i.indnkeyatts) AS columns
  FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (root)
  CROSS JOIN LATERAL (SELECT t.root AS relid WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_partition_tree(t.root) AS p WHERE p.isleaf)
                      UNION ALL SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(t.root) AS p WHERE p.isleaf) AS leaf
  JOIN pg_catalog.pg_class AS c ON c.oid = leaf.relid
)
SELECT root::bigint,
       CASE WHEN pg_catalog.bool_or(kind = 'n') THEN 'n'
            WHEN pg_catalog.count(DISTINCT kind) > 1 OR pg_catalog.count(DISTINCT columns) > 1 THEN 'm'
            ELSE pg_catalog.min(kind) END,
       (pg_catalog.array_agg(pg_catalog.to_jsonb(columns)))[1],
       pg_catalog.bool_and(logged)
FROM parts
GROUP BY root
