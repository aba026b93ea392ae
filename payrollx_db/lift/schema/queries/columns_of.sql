-- The columns of a schema's tables, as table and column for SQL, and as people write them.
SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname), a.attname::text, c.relname || '.' || a.attname
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p') AND c.oid <> ALL (%(gone)s::oid[])
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0
ORDER BY a.attrelid, a.attnum
