-- The functions that expressions in these schemas call (defaults, generated columns, checks, indexes, partition keys)
-- and that may do more than compute: written by somebody, or volatile. Operators that somebody made count as well.
WITH relations AS (
    SELECT pg_class.oid, relname, nspname
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY (%(schemas)s)
), expressions AS (
    SELECT relations.oid AS relation, 'pg_catalog.pg_attrdef'::regclass AS class, pg_attrdef.oid, adbin::text AS tree
    FROM pg_catalog.pg_attrdef JOIN relations ON relations.oid = adrelid
    UNION ALL
    SELECT relations.oid, 'pg_catalog.pg_constraint'::regclass, pg_constraint.oid, conbin::text
    FROM pg_catalog.pg_constraint JOIN relations ON relations.oid = conrelid
    UNION ALL
    SELECT indrelid, 'pg_catalog.pg_class'::regclass, indexrelid, pg_catalog.concat(indexprs, indpred)
    FROM pg_catalog.pg_index JOIN relations ON relations.oid = indexrelid
    UNION ALL
    SELECT relations.oid, 'pg_catalog.pg_class'::regclass, partrelid, partexprs::text
    FROM pg_catalog.pg_partitioned_table JOIN relations ON relations.oid = partrelid
), calls AS (
    -- What is Postgres' own is in the expression alone; what isn't, is among what that depends on.
    SELECT relation, call[1]::oid AS function
    FROM expressions, pg_catalog.regexp_matches(tree, ':funcid (\d+)', 'g') AS call
    UNION
    SELECT relation, CASE WHEN refclassid = 'pg_catalog.pg_proc'::regclass THEN refobjid ELSE oprcode::oid END
    FROM expressions
    JOIN pg_catalog.pg_depend ON (classid, objid) = (class, expressions.oid)
    LEFT JOIN pg_catalog.pg_operator ON refclassid = 'pg_catalog.pg_operator'::regclass AND pg_operator.oid = refobjid
    WHERE refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
)
SELECT DISTINCT pg_catalog.format('%%I.%%I', relations.nspname, relname) AS place, proname::text AS name,
    'function ' || (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::regclass, pg_proc.oid, 0)).identity AS function
FROM calls
JOIN relations ON relations.oid = relation
JOIN pg_catalog.pg_proc ON pg_proc.oid = function
WHERE provolatile = 'v' OR proname ~ '_to_xml' -- which run a query that they are given
    OR pronamespace <> 'pg_catalog'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
    )
ORDER BY 1, 3
