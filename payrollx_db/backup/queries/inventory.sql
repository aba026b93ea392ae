-- What a schema holds, and how each of it stands: what a restore must bring back beside the rows. Definitions aren't
-- compared as text, because the server may write what it has read again in other words.
WITH relations AS (
    SELECT c.*, c.relname::text AS name
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e'
    )
)
SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
         WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
       name,
       concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, relispopulated,
         relispartition, array_to_string(reloptions, ','), md5(obj_description(oid, 'pg_class'))) AS state
FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL
SELECT 'index', name, concat_ws(' ', indisunique, indisprimary, indisexclusion, indisvalid, indisclustered,
         indisreplident, indnatts, indpred IS NULL)
FROM relations JOIN pg_catalog.pg_index ON indexrelid = oid
UNION ALL
SELECT 'column', name || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity,
         attgenerated, atthasdef, attstorage)
FROM relations JOIN pg_catalog.pg_attribute ON attrelid = oid
WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'sequence of its values', name, concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax,
         seqcache, seqcycle)
FROM relations JOIN pg_catalog.pg_sequence ON seqrelid = oid
UNION ALL
SELECT 'constraint', name || '.' || conname, concat_ws(' ', contype, convalidated, condeferrable, condeferred,
         contype = 'c' AND connoinherit)
FROM relations JOIN pg_catalog.pg_constraint ON conrelid = relations.oid
LEFT JOIN pg_catalog.pg_class AS far ON far.oid = confrelid
WHERE contype IN ('p', 'u', 'x', 'c', 'f') AND (confrelid = 0 OR far.relnamespace = relations.relnamespace)
UNION ALL
SELECT 'trigger', name || '.' || tgname, concat_ws(' ', tgenabled, tgtype, tgdeferrable, tginitdeferred)
FROM relations JOIN pg_catalog.pg_trigger ON tgrelid = relations.oid
WHERE NOT tgisinternal AND tgname <> ALL (%(triggers)s) AND NOT starts_with(tgname, %(limits)s)
UNION ALL
SELECT 'policy', name || '.' || polname, concat_ws(' ', polcmd, polpermissive)
FROM relations JOIN pg_catalog.pg_policy ON polrelid = relations.oid
UNION ALL
SELECT 'rule', name || '.' || rulename, concat_ws(' ', ev_type, ev_enabled, is_instead)
FROM relations JOIN pg_catalog.pg_rewrite ON ev_class = relations.oid
UNION ALL
SELECT 'statistics object', stxname::text, array_to_string(stxkind, ' ')
FROM pg_catalog.pg_statistic_ext JOIN pg_catalog.pg_namespace AS n ON n.oid = stxnamespace
WHERE n.nspname = %(schema)s
UNION ALL
SELECT 'type', typname::text, concat_ws(' ', typtype, typnotnull)
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = typnamespace
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = typrelid
WHERE n.nspname = %(schema)s AND (typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e'
)
UNION ALL
SELECT 'function', proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       concat_ws(' ', prokind, prosecdef, provolatile, array_to_string(proconfig, ','), md5(prosrc))
FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = pronamespace
WHERE n.nspname = %(schema)s AND NOT starts_with(proname, %(audit)s) AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'
)
ORDER BY 1, 2
