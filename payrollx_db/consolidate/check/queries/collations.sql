-- The collation of every column of these tables that has one; provider d is the database's own.
SELECT a.attrelid::bigint AS table,
       a.attname::text AS column,
       l.collname::text AS name,
       l.collprovider::text AS provider,
       coalesce(pg_catalog.to_jsonb(l) ->> 'colllocale', pg_catalog.to_jsonb(l) ->> 'colliculocale',
                l.collcollate::text, '') AS locale,
       coalesce(l.collctype::text, '') AS ctype,
       l.collisdeterministic AS deterministic
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
