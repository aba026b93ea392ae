-- How tables have to be published: the name, whether they are partitioned, and whether they, or a partition of theirs,
-- have a replica identity of whole rows.
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind = 'p',
       c.relreplident = 'f' OR EXISTS (
           SELECT FROM pg_catalog.pg_partition_tree(c.oid) AS t
           JOIN pg_catalog.pg_class AS leaf ON leaf.oid = t.relid
           WHERE t.isleaf AND leaf.relreplident = 'f')
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY ({oids}::oid[])
