-- Those of these tables that a TRUNCATE would do more to than empty them: it fires their triggers for it, and those of
-- their partitions, and it makes a broken index a whole one.
SELECT n.nspname::text || '.' || c.relname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT pg_catalog.array_agg(p.relid::oid) || c.oid AS oids FROM pg_catalog.pg_partition_tree(c.oid::regclass) AS p
) AS member
WHERE c.oid = ANY (%(tables)s::oid[])
  AND (EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
               WHERE t.tgrelid = ANY (member.oids) AND NOT t.tgisinternal AND t.tgtype & 32 <> 0 AND t.tgenabled <> 'D')
       OR EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = ANY (member.oids) AND NOT i.indisvalid))
