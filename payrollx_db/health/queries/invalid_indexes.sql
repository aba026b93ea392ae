-- Indexes that no query uses, most often because CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY was cut off.
-- That of a partitioned table is one that not every partition has; those that have it use theirs. One that is being built right now isn't; whose session this role may not look at counts as cut off.
SELECT n.nspname::text AS schema, t.relname::text AS table, i.relname::text AS index, x.indisready AS is_maintained,
       i.relkind = 'I' AS is_partitioned
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND NOT x.indisvalid
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.index_relid = i.oid)
ORDER BY 1, 2, 3
