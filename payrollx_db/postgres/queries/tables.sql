-- Every table that holds rows of its own: not those of the system, of an extension, of a session,
-- and not the partitions of a table that is itself listed; nor what the tool has made.
SELECT c.oid::bigint,
       n.nspname::text,
       c.relname::text,
       c.relkind::text,
       greatest(c.reltuples, 0)::bigint,
       CASE
         WHEN NOT %(sizes)s THEN 0
         WHEN c.relkind = 'p' THEN (SELECT coalesce(sum(pg_catalog.pg_table_size(t.relid)), 0)::bigint
                        FROM pg_catalog.pg_partition_tree(c.oid) AS t WHERE t.isleaf)
         ELSE pg_catalog.pg_table_size(c.oid)
       END,
       CASE WHEN %(sizes)s AND c.relkind = 'r'
         THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int ELSE 0
       END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
  AND NOT c.relispartition
  AND c.relpersistence <> 't'
  AND (%(schemas)s::text[] IS NULL OR n.nspname = ANY (%(schemas)s))
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND (n.nspname, c.relname) <> ('payrollx', 'place') -- ours, in a legacy database that follows back
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
