-- Which of these schemas needs something of which other one, as far as it isn't a foreign key: those are made later.
WITH spaces AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY (%(schemas)s)
), located AS (
    SELECT 'pg_catalog.pg_class'::regclass AS class, oid, relnamespace AS space FROM pg_catalog.pg_class
    UNION ALL SELECT 'pg_catalog.pg_type'::regclass, oid, typnamespace FROM pg_catalog.pg_type
    UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid, pronamespace FROM pg_catalog.pg_proc
    UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid, oprnamespace FROM pg_catalog.pg_operator
    UNION ALL SELECT 'pg_catalog.pg_collation'::regclass, oid, collnamespace FROM pg_catalog.pg_collation
    UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, oid, opcnamespace FROM pg_catalog.pg_opclass
    UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid, cfgnamespace FROM pg_catalog.pg_ts_config
    UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid, dictnamespace FROM pg_catalog.pg_ts_dict
    UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass, pg_attrdef.oid, relnamespace
        FROM pg_catalog.pg_attrdef JOIN pg_catalog.pg_class ON pg_class.oid = adrelid
    UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass, pg_rewrite.oid, relnamespace
        FROM pg_catalog.pg_rewrite JOIN pg_catalog.pg_class ON pg_class.oid = ev_class
    UNION ALL SELECT 'pg_catalog.pg_trigger'::regclass, pg_trigger.oid, relnamespace
        FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL SELECT 'pg_catalog.pg_policy'::regclass, pg_policy.oid, relnamespace
        FROM pg_catalog.pg_policy JOIN pg_catalog.pg_class ON pg_class.oid = polrelid
    UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid, connamespace
        FROM pg_catalog.pg_constraint WHERE contype <> 'f'
)
SELECT DISTINCT dependent.nspname AS needs, referenced.nspname AS needed
FROM pg_catalog.pg_depend
JOIN located AS here ON (here.class, here.oid) = (classid, objid)
JOIN located AS there ON (there.class, there.oid) = (refclassid, refobjid)
JOIN spaces AS dependent ON dependent.oid = here.space
JOIN spaces AS referenced ON referenced.oid = there.space
WHERE here.space <> there.space
ORDER BY 1, 2
