-- How many rows this transaction has deleted from each table of a schema.
-- What lies in a schema, an index of pg_depend finds; of pg_class, all tenants' would be read.
SELECT c.relname::text, s.deleted
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
                            AND d.classid = 'pg_catalog.pg_class'::regclass
JOIN pg_catalog.pg_class AS c ON c.oid = d.objid
CROSS JOIN LATERAL (SELECT pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS deleted) AS s
WHERE n.nspname = %(schema)s AND c.relkind = 'r' AND s.deleted > 0
