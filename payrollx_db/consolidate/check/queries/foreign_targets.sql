-- The foreign tables that the rows of each of these tables lie in: itself, or partitions of it at any depth.
SELECT t.oid::bigint, pg_catalog.array_agg(pg_catalog.concat_ws('.', n.nspname, f.relname) ORDER BY n.nspname, f.relname)
FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
CROSS JOIN LATERAL (SELECT t.oid UNION SELECT p.relid FROM pg_catalog.pg_partition_tree(t.oid) AS p) AS below (oid)
JOIN pg_catalog.pg_class AS f ON f.oid = below.oid AND f.relkind = 'f'
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.relnamespace
GROUP BY t.oid
