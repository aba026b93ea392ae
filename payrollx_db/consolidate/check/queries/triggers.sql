-- The triggers of these tables and their partitions that fire as rows are copied in, or deleted again where a run is
-- undone, and those that keep a table from being truncated; one that a partitioned table hands down is named once.
WITH members AS (
  SELECT t.oid AS root, coalesce(p.relid::oid, t.oid) AS relid
  FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p ON true
)
SELECT m.root::bigint AS table,
       t.tgname::text AS name,
       t.tgtype & 1 <> 0 AS per_row,
       t.tgtype & 2 <> 0 AS before,
       t.tgtype & 4 <> 0 AS on_insert,
       t.tgtype & 8 <> 0 AS on_delete,
       t.tgqual IS NOT NULL AS limited,
       p.oid::regprocedure::text AS function,
       n.nspname::text AS schema,
       l.lanname::text AS language,
       p.prosrc AS body,
       EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS s (setting)
               WHERE pg_catalog.starts_with(s.setting, 'search_path=')) AS settled,
       ARRAY(SELECT DISTINCT f.match[1]::bigint
             FROM pg_catalog.regexp_matches(t.tgqual::text, ':funcid (\d+)', 'g') AS f (match)) AS conditions
FROM members AS m
JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = m.relid
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgtype & 12 <> 0
  AND t.tgenabled = ANY (CASE pg_catalog.current_setting('session_replication_role')
                         WHEN 'replica' THEN '{A,R}' ELSE '{O,A}' END::"char"[])
  -- Ours pass over what the owner does, and so a copy.
  AND t.tgname NOT IN ('payrollx_audit', 'payrollx_audit_truncate')
  AND NOT (pg_catalog.starts_with(t.tgname, 'payrollx_limit_') OR pg_catalog.starts_with(t.tgname, 'payrollx_routes_'))
ORDER BY 1, 2
