-- How tables have to be published: the name, whether they are partitioned; and of these and all their partitions,
-- whether one has a replica identity of whole rows, and the columns of the others' identities.
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind = 'p',
       pg_catalog.bool_or(t.relreplident = 'f'),
       coalesce(pg_catalog.array_agg(DISTINCT a.attname::text) FILTER (WHERE a.attname IS NOT NULL), '{{}}'::text[])
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT c.oid UNION SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(c.oid) AS p) AS tree
JOIN pg_catalog.pg_class AS t ON t.oid = tree.oid
LEFT JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid
     AND CASE t.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
WHERE c.oid = ANY ({oids}::oid[])
GROUP BY c.oid, n.nspname, c.relname, c.relkind
