-- The tables of a schema of which this transaction has updated rows.
-- What lies in a schema, an index of pg_depend finds; of pg_class, all tenants' would be read.
SELECT c.oid::bigint
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
                            AND d.classid = 'pg_catalog.pg_class'::regclass
JOIN pg_catalog.pg_class AS c ON c.oid = d.objid
WHERE n.nspname = %(schema)s AND c.relkind = 'r' AND pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) > 0
