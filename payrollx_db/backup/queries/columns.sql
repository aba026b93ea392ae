-- The columns of a table in their order; a domain shows as what it is made of.
SELECT a.attname::text,
       t.typname::text,
       tn.nspname::text,
       t.typtype::text,
       coalesce(e.typtype, '')::text
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS declared ON declared.oid = a.atttypid
JOIN pg_catalog.pg_type AS t
  ON t.oid = CASE declared.typtype WHEN 'd' THEN declared.typbasetype ELSE a.atttypid END
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
WHERE (n.nspname, c.relname) = (%(schema)s, %(table)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
