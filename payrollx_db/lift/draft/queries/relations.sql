-- The tables of these schemas, partitions too, which models leave to their parents.
SELECT pg_class.oid, nspname AS schema, relname AS name, relkind AS kind, relispartition AS partition,
    relpersistence = 'u' AS unlogged, pg_catalog.obj_description(pg_class.oid, 'pg_class') AS comment,
    CASE WHEN relkind = 'p' THEN pg_catalog.pg_get_partkeydef(pg_class.oid) END AS partition_by,
    coalesce(reloptions, '{}') AS options,
    ARRAY(
        SELECT pg_catalog.format('%%I.%%I', parent_space.nspname, parent.relname)
        FROM pg_catalog.pg_inherits
        JOIN pg_catalog.pg_class AS parent ON parent.oid = inhparent
        JOIN pg_catalog.pg_namespace AS parent_space ON parent_space.oid = parent.relnamespace
        WHERE inhrelid = pg_class.oid AND NOT pg_class.relispartition
        ORDER BY inhseqno
    ) AS parents
FROM pg_catalog.pg_class
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = ANY (%(schemas)s) AND relkind IN ('r', 'p')
    AND NOT EXISTS (
        -- what an extension brought goes by the extension's own name
        SELECT FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    )
ORDER BY nspname, relname
