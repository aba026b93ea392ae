-- What else holds data, and belongs to no table: sequences that no column owns or takes its default from, and large
-- objects.
SELECT 'sequence', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), 1::bigint,
       n.nspname::text
FROM pg_catalog.pg_sequence AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e'))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid
                    AND d.classid = 'pg_catalog.pg_attrdef'::regclass)
UNION ALL
SELECT 'large objects', 'pg_largeobject', count(*), ''
FROM pg_catalog.pg_largeobject_metadata
HAVING count(*) > 0
ORDER BY 1, 2
