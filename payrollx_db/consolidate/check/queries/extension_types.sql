-- The columns of these tables whose type, or what it is made of, is part of an extension.
SELECT a.attrelid::bigint AS table, a.attname::text AS column, e.extname::text AS extension
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
JOIN pg_catalog.pg_depend AS d
  ON d.classid = 'pg_catalog.pg_type'::regclass AND d.objid IN (t.oid, t.typbasetype, t.typelem)
 AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
