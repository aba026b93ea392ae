-- The casts from or to a type of the schemas, as statements: a dump of schemas has none, since a cast lies in none.
WITH chosen AS (
    SELECT t.oid
    FROM pg_catalog.pg_type AS t
    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    WHERE n.nspname = ANY (%(schemas)s) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'
    )
), casts AS (
    SELECT c.*, pg_catalog.format('CAST (%%s AS %%s)', pg_catalog.format_type(c.castsource, NULL),
                                  pg_catalog.format_type(c.casttarget, NULL)) AS named
    FROM pg_catalog.pg_cast AS c
    WHERE (c.castsource IN (SELECT oid FROM chosen) OR c.casttarget IN (SELECT oid FROM chosen)) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i')
    )
)
SELECT pg_catalog.format('CREATE %%s WITH%%s%%s;', named,
         CASE castmethod WHEN 'f' THEN ' FUNCTION ' || castfunc::pg_catalog.regprocedure::text
           WHEN 'i' THEN ' INOUT' ELSE 'OUT FUNCTION' END,
         CASE castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END)
       || coalesce(pg_catalog.format(E'\nCOMMENT ON %%s IS %%L;', named,
            pg_catalog.obj_description(oid, 'pg_cast')), '')
FROM casts
ORDER BY 1
