-- Functions that indexes, checks, defaults, generated columns and materialized views of a schema call, and that leave it
-- to the session where they look for names. A dump sets no search_path, so that they find nothing there.
SELECT DISTINCT p.oid::regprocedure::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = %(schema)s
LEFT JOIN pg_catalog.pg_attrdef AS a ON a.adrelid = c.oid
LEFT JOIN pg_catalog.pg_constraint AS k ON k.conrelid = c.oid
LEFT JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND c.relkind = 'm'
JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_proc'::regclass AND (
    d.classid = 'pg_class'::regclass AND d.objid = c.oid
    OR d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
    OR d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
    OR d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
)
JOIN pg_catalog.pg_proc AS p ON p.oid = d.refobjid
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE l.lanname NOT IN ('c', 'internal') AND p.prosqlbody IS NULL AND NOT EXISTS (
    SELECT FROM unnest(p.proconfig) AS setting WHERE starts_with(setting, 'search_path=')
)
ORDER BY 1
