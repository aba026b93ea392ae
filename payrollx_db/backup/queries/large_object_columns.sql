-- Columns of a schema's tables that may hold numbers of large objects: of type oid, or of a domain over it.
SELECT c.relname::text, a.attname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND 'oid'::regtype IN (t.oid, t.typbasetype)
ORDER BY c.relname, a.attnum
