-- The tables of a schema, each with its file, which is another one once the table was truncated or written anew.
-- What lies in a schema, an index of pg_depend finds; of pg_class, all tenants' would be read.
SELECT c.oid::bigint, c.relname::text, c.relfilenode::bigint
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
                            AND d.classid = 'pg_catalog.pg_class'::regclass
JOIN pg_catalog.pg_class AS c ON c.oid = d.objid
WHERE n.nspname = %(schema)s AND c.relkind = 'r'
