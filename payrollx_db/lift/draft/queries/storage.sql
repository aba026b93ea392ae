-- What tables have that neither models nor the catalog's extras can say, a phrase each: kept in the migrations.
WITH relations AS (
    SELECT pg_class.*, nspname, pg_catalog.format('%%I.%%I', nspname, relname) AS place
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY (%(schemas)s)
)
SELECT nspname AS schema, pg_catalog.format('partition %%s of %%s', place, (
    SELECT pg_catalog.format('%%I.%%I', parent_space.nspname, parent.relname)
    FROM pg_catalog.pg_inherits
    JOIN pg_catalog.pg_class AS parent ON parent.oid = inhparent
    JOIN pg_catalog.pg_namespace AS parent_space ON parent_space.oid = parent.relnamespace
    WHERE inhrelid = relations.oid
)) AS phrase
FROM relations WHERE relispartition AND relkind IN ('r', 'p', 'f')
UNION ALL
SELECT nspname, pg_catalog.format('inheritance of %%s from %%s', place, inhparent::regclass)
FROM relations JOIN pg_catalog.pg_inherits ON inhrelid = relations.oid
WHERE NOT relispartition AND relkind IN ('r', 'p')
UNION ALL
SELECT nspname, pg_catalog.format('replica identity %%s of %%s', CASE relreplident
    WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing' ELSE 'by index' END, place)
FROM relations WHERE relkind IN ('r', 'p') AND relreplident <> 'd'
UNION ALL
SELECT nspname, pg_catalog.format('access method %%I of %%s', amname, place)
FROM relations JOIN pg_catalog.pg_am ON pg_am.oid = relam WHERE relkind IN ('r', 'm') AND amname <> 'heap'
UNION ALL
SELECT nspname, pg_catalog.format('cluster order %%s of %%s', indexrelid::regclass, place)
FROM relations JOIN pg_catalog.pg_index ON indrelid = relations.oid WHERE indisclustered
UNION ALL
SELECT nspname, pg_catalog.format('storage or statistics of %%s: %%s', place, pg_catalog.string_agg(
    pg_catalog.quote_ident(attname), ', ' ORDER BY attnum))
FROM relations
JOIN pg_catalog.pg_attribute ON attrelid = relations.oid
JOIN pg_catalog.pg_type ON pg_type.oid = atttypid
WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped AND NOT relispartition
    AND (attstorage <> typstorage OR attcompression <> '' OR coalesce(attstattarget, -1) <> -1
        -- there are servers that keep options of their own there
        OR EXISTS (SELECT FROM pg_catalog.unnest(attoptions) AS option WHERE option NOT LIKE 'pg\_%%'))
GROUP BY nspname, place
UNION ALL
SELECT nspname, pg_catalog.format('sequence %%s, which no column owns', place)
FROM relations
WHERE relkind = 'S' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend
    WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = relations.oid AND deptype IN ('a', 'i', 'e')
)
UNION ALL
SELECT nspname, pg_catalog.format('name %%I of NOT NULL on %%s.%%I', conname, place, attname)
FROM pg_catalog.pg_constraint
JOIN relations ON relations.oid = conrelid
JOIN pg_catalog.pg_attribute ON (attrelid, attnum) = (conrelid, conkey[1])
WHERE contype = 'n' AND conislocal AND conname <> relname || '_' || attname || '_not_null' AND NOT relispartition
UNION ALL
SELECT nspname, pg_catalog.format('comment on constraint %%I of %%s', conname, place)
FROM pg_catalog.pg_constraint
JOIN relations ON relations.oid = conrelid
JOIN pg_catalog.pg_description ON classoid = 'pg_catalog.pg_constraint'::regclass AND objoid = pg_constraint.oid
UNION ALL
SELECT nspname, pg_catalog.format('comment on %%s %%s', CASE relkind
    WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'index' END, place)
FROM relations
JOIN pg_catalog.pg_description
    ON classoid = 'pg_catalog.pg_class'::regclass AND objoid = relations.oid AND objsubid = 0
WHERE relkind NOT IN ('r', 'p')
ORDER BY 1, 2
