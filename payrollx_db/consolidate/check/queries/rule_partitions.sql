-- The partitions of these tables that rows end in, with what holds for the rows of each: nothing is known of those in a
-- DEFAULT partition without others.
SELECT t.oid::bigint AS table,
       pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name,
       coalesce(pg_catalog.pg_get_partition_constraintdef(c.oid), 'true') AS bounds
FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE p.isleaf AND p.relid <> t.oid
ORDER BY 1, 2
