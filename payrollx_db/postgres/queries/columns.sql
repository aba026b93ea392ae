-- The columns of the tables with these oids, in their order; what their types are, types.sql says.
SELECT a.attrelid::bigint,
       a.attname::text,
       a.atttypid::bigint,
       a.atttypmod,
       NOT a.attnotnull,
       a.atthasdef OR a.attidentity <> '' OR t.typdefaultbin IS NOT NULL, -- a domain may bring one
       a.attgenerated <> '',
       a.attidentity::text,
       -- It would fail in a schema that this role may not use; that is a finding of the check.
       CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         THEN pg_catalog.pg_get_serial_sequence(pg_catalog.format('%%I.%%I', n.nspname, c.relname), a.attname) END
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
