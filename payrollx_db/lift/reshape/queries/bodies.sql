-- The routines of a schema whose bodies are texts: what they name in them, no rename follows.
SELECT pg_catalog.format('%%I(%%s)', f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid)), f.prosrc
FROM pg_catalog.pg_proc AS f
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = f.prolang
WHERE n.nspname = %(schema)s AND l.lanname NOT IN ('internal', 'c') AND f.prosrc <> ''
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = f.oid AND d.deptype = 'e')
ORDER BY 1
