-- What is replicated from these tables or their partitions, or into them.
WITH members AS (
  SELECT t.oid AS root, t.oid AS oid FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  UNION
  SELECT t.oid, p.relid
  FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p
)
SELECT DISTINCT m.root::bigint, 'publication', p.pubname::text
FROM pg_catalog.pg_publication_tables AS p
JOIN pg_catalog.pg_namespace AS n ON n.nspname = p.schemaname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = p.tablename
JOIN members AS m ON m.oid = c.oid
UNION
SELECT m.root::bigint, 'subscription', u.subname::text
FROM pg_catalog.pg_subscription_rel AS s
JOIN pg_catalog.pg_subscription AS u ON u.oid = s.srsubid
JOIN members AS m ON m.oid = s.srrelid
WHERE u.subenabled
ORDER BY 1, 2, 3
