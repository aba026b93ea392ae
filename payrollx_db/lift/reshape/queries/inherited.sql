-- The tables of a schema that inherit (no partitions), what from, and which of their columns.
SELECT c.relname::text, p.relname::text,
       coalesce((SELECT pg_catalog.array_agg(a.attname::text) FROM pg_catalog.pg_attribute AS a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attinhcount > 0), '{}')
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND NOT c.relispartition
JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent AND p.relnamespace = c.relnamespace
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'r'
ORDER BY c.relname, i.inhseqno
