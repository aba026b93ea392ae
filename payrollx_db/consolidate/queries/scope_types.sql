-- Types of columns, with their modifiers, and collations; NULL where a type has none.
SELECT a.attrelid::bigint, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
       CASE WHEN l.oid IS NOT NULL THEN pg_catalog.format('%%I.%%I', n.nspname, l.collname) END
FROM pg_catalog.pg_attribute AS a
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
JOIN ROWS FROM (pg_catalog.unnest(%(tables)s::oid[]), pg_catalog.unnest(%(columns)s::text[])) AS c (oid, name)
  ON (c.oid, c.name) = (a.attrelid, a.attname)
