-- Everything that is in a schema by the catalogs' own columns, whatever it depends on.
SELECT named.classid::bigint, named.oid::bigint
FROM (
    SELECT 'pg_class'::regclass::oid AS classid, oid, relnamespace AS space FROM pg_catalog.pg_class
    UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_catalog.pg_type
    UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_catalog.pg_proc
    UNION ALL SELECT 'pg_constraint'::regclass, oid, connamespace FROM pg_catalog.pg_constraint
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_catalog.pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace FROM pg_catalog.pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace FROM pg_catalog.pg_opfamily
    UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_catalog.pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace FROM pg_catalog.pg_conversion
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_catalog.pg_statistic_ext
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_catalog.pg_ts_config
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_catalog.pg_ts_dict
    UNION ALL SELECT 'pg_ts_parser'::regclass, oid, prsnamespace FROM pg_catalog.pg_ts_parser
    UNION ALL SELECT 'pg_ts_template'::regclass, oid, tmplnamespace FROM pg_catalog.pg_ts_template
) AS named (classid, oid, space)
JOIN pg_catalog.pg_namespace AS n ON n.oid = named.space
WHERE n.nspname = ANY (%(schemas)s)
