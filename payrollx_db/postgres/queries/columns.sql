-- The columns of the tables with these oids, in their order; a domain shows as what it is made of.
SELECT a.attrelid::bigint,
       a.attname::text,
       pg_catalog.format_type(b.type, b.typmod),
       t.typname::text,
       tn.nspname::text,
       t.typtype::text,
       coalesce(e.typtype, '')::text,
       coalesce(et.typname, '')::text,
       (SELECT pg_catalog.array_agg(l.enumlabel::text ORDER BY l.enumsortorder)
        FROM pg_catalog.pg_enum AS l WHERE l.enumtypid = t.oid),
       NOT a.attnotnull,
       a.atthasdef OR a.attidentity <> '',
       a.attgenerated <> '',
       a.attidentity::text,
       -- It would fail in a schema that this role may not use; that is a finding of the check.
       CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         THEN pg_catalog.pg_get_serial_sequence(pg_catalog.format('%%I.%%I', n.nspname, c.relname), a.attname) END
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS declared ON declared.oid = a.atttypid
CROSS JOIN LATERAL (
  SELECT CASE declared.typtype WHEN 'd' THEN declared.typbasetype ELSE a.atttypid END AS type,
         CASE declared.typtype WHEN 'd' THEN declared.typtypmod ELSE a.atttypmod END AS typmod
) AS b
JOIN pg_catalog.pg_type AS t ON t.oid = b.type
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
LEFT JOIN pg_catalog.pg_type AS et ON et.oid = e.oid
WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
