-- What lies in schemas, object by object: all that names the schema as where it is, whatever kind it is of. What an
-- extension owns isn't ours, and a sequence that a column owns goes with its table.
SELECT n.nspname::text, d.classid::bigint, d.objid::bigint, o.type, o.identity,
       o.type = 'sequence' AND EXISTS (
           SELECT FROM pg_catalog.pg_depend AS i
           WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype IN ('a', 'i')
               AND i.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       ) AS owned,
       EXISTS ( -- whose owner is its range's
           SELECT FROM pg_catalog.pg_type AS t
           WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.objid AND t.typtype = 'm'
       ) AS multirange
FROM pg_catalog.pg_namespace AS n
JOIN pg_catalog.pg_depend AS d
    ON d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.refobjid = n.oid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) AS o
WHERE n.nspname = ANY (%(schemas)s)
    AND d.deptype = 'n' AND d.classid NOT IN (
        'pg_catalog.pg_extension'::pg_catalog.regclass, 'pg_catalog.pg_default_acl'::pg_catalog.regclass
    )
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS e
        WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'
            AND e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    )
ORDER BY d.objid
