-- The columns of the tables with these oids, in their order; what their types are, types.sql says.
SELECT a.attrelid::bigint,
       a.attname::text,
       a.atttypid::bigint,
       a.atttypmod,
       NOT a.attnotnull,
       a.atthasdef OR a.attidentity <> '' OR t.typdefaultbin IS NOT NULL, -- a domain may bring one
       a.attgenerated <> '',
       a.attidentity::text
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
