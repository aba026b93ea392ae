-- How many locks it takes to have each of these tables alone: with its partitions, their indexes and TOAST tables.
SELECT t.oid::bigint,
       sum(1 + (SELECT count(*) FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid)
             + CASE WHEN c.reltoastrelid <> 0 THEN 2 ELSE 0 END)::bigint AS locks
FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
LEFT JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p ON true
JOIN pg_catalog.pg_class AS c ON c.oid = coalesce(p.relid::oid, t.oid)
GROUP BY t.oid
ORDER BY 2 DESC
LIMIT 1
