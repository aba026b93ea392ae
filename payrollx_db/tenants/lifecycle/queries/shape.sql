-- The columns of a schema's tables, each with what tells it from one of the same name that was made anew.
-- What lies in a schema, an index of pg_depend finds; of pg_class, all tenants' would be read.
SELECT c.oid::bigint, a.attnum::int, c.relname::text, a.attname::text,
       pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
                            AND d.classid = 'pg_catalog.pg_class'::regclass
JOIN pg_catalog.pg_class AS c ON c.oid = d.objid
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p')
ORDER BY c.oid, a.attnum
