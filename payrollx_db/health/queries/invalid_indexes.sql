-- Indexes that no query uses, most often because CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY was cut off.
SELECT n.nspname::text AS schema, t.relname::text AS table, i.relname::text AS index, x.indisready AS is_maintained
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND NOT x.indisvalid
ORDER BY 1, 2, 3
