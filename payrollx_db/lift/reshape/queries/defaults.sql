-- The defaults of a schema's columns, as the server writes them.
SELECT c.relname::text, a.attname::text, pg_catalog.pg_get_expr(f.adbin, f.adrelid)
FROM pg_catalog.pg_attrdef AS f
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated = ''
JOIN pg_catalog.pg_class AS c ON c.oid = f.adrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND NOT c.relispartition
ORDER BY 1, 2
