-- What lies outside a schema, and its definitions name: extensions, and functions, types, tables and the like of other
-- schemas. The other ends of foreign keys aren't needed: a restore makes those keys where both tables are.
WITH relations AS (
    SELECT c.oid FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s
), inside (classid, objid) AS (
    SELECT 'pg_class'::regclass::oid, oid FROM relations
    UNION ALL
    SELECT 'pg_attrdef'::regclass, oid FROM pg_catalog.pg_attrdef WHERE adrelid IN (SELECT oid FROM relations)
    UNION ALL
    SELECT 'pg_trigger'::regclass, oid FROM pg_catalog.pg_trigger
    WHERE tgrelid IN (SELECT oid FROM relations) AND NOT tgisinternal AND tgname <> ALL (%(triggers)s)
    UNION ALL
    SELECT 'pg_rewrite'::regclass, oid FROM pg_catalog.pg_rewrite WHERE ev_class IN (SELECT oid FROM relations)
    UNION ALL
    SELECT 'pg_policy'::regclass, oid FROM pg_catalog.pg_policy WHERE polrelid IN (SELECT oid FROM relations)
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_namespace AS n ON n.oid = k.connamespace
    WHERE n.nspname = %(schema)s AND k.contype <> 'f'
    UNION ALL
    SELECT named.classid, named.oid
    FROM (
        SELECT 'pg_type'::regclass::oid AS classid, oid, typnamespace AS space FROM pg_catalog.pg_type
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_catalog.pg_proc
        UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_catalog.pg_statistic_ext
        UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_catalog.pg_operator
        UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace FROM pg_catalog.pg_opclass
        UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_catalog.pg_collation
        UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_catalog.pg_ts_config
        UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_catalog.pg_ts_dict
    ) AS named
    JOIN pg_catalog.pg_namespace AS n ON n.oid = named.space
    WHERE n.nspname = %(schema)s
), referred AS (
    -- what is an extension's own in this schema isn't in the dump: the extension itself is needed
    SELECT inside.classid, inside.objid, d.refclassid, coalesce(nullif(t.typelem, 0), d.refobjid) AS refobjid
    FROM inside
    JOIN pg_catalog.pg_depend AS d ON d.classid = inside.classid AND d.objid = inside.objid
    LEFT JOIN pg_catalog.pg_type AS t
        ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid AND t.typcategory = 'A'
    WHERE d.deptype IN ('n', 'a', 'e') AND d.refobjid <> 0
), outside AS (
    SELECT r.classid, r.objid,
           coalesce(e.refclassid, r.refclassid) AS refclassid, coalesce(e.refobjid, r.refobjid) AS refobjid
    FROM referred AS r
    LEFT JOIN pg_catalog.pg_depend AS e ON e.classid = r.refclassid AND e.objid = r.refobjid AND e.deptype = 'e'
        AND e.refclassid = 'pg_extension'::regclass
), named AS (
    SELECT o.*, object.type, object.schema, object.identity, address.object_names, address.object_args
    FROM outside AS o
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.refclassid, o.refobjid, 0) AS object
    CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(o.refclassid, o.refobjid, 0) AS address
    WHERE o.refclassid IN ('pg_extension'::regclass, 'pg_foreign_server'::regclass)
        OR object.schema IS NOT NULL AND object.schema NOT IN (quote_ident(%(schema)s), 'pg_catalog', 'information_schema')
)
SELECT named.type, coalesce(space.nspname, named.schema, '')::text, named.identity, named.object_names,
       named.object_args, coalesce(extension.extversion, ''),
       min((pg_catalog.pg_identify_object(named.classid, named.objid, 0)).identity)
FROM named
LEFT JOIN pg_catalog.pg_extension AS extension
    ON named.refclassid = 'pg_extension'::regclass AND extension.oid = named.refobjid
LEFT JOIN pg_catalog.pg_namespace AS space ON space.oid = extension.extnamespace
WHERE named.type NOT IN ('schema', 'trigger') AND extension.extname IS DISTINCT FROM 'plpgsql'
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY named.type = 'extension' DESC, 1, 3
