-- Types of some columns of a table, for a table of another database: an enum goes as text.
SELECT a.attname::text, CASE t.typtype WHEN 'e' THEN 'text' ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND a.attname = ANY ($3::text[])
ORDER BY a.attnum
