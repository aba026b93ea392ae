-- The triggers of these tables and of their partitions that fire as rows are copied in or a table is emptied by DELETE,
-- and where rows are followed, those for UPDATE.
-- Those for TRUNCATE too: without them, a table can be truncated, which is faster.
SELECT n.nspname || '.' || c.relname, t.tgname::text, t.tgenabled::text
FROM pg_catalog.unnest(%(tables)s::text[]) AS x (name)
JOIN pg_catalog.pg_namespace AS rn ON rn.nspname = pg_catalog.split_part(x.name, '.', 1)
JOIN pg_catalog.pg_class AS r
  ON r.relnamespace = rn.oid AND r.relname = pg_catalog.substr(x.name, pg_catalog.strpos(x.name, '.') + 1)
LEFT JOIN LATERAL pg_catalog.pg_partition_tree(r.oid::regclass) AS p ON true
JOIN pg_catalog.pg_class AS c ON c.oid = coalesce(p.relid::oid, r.oid)
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = c.oid
WHERE r.relkind IN ('r', 'p', 'f') AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & %(events)s <> 0
  AND t.tgname NOT IN ('payrollx_audit', 'payrollx_moved', 'payrollx_moved_rows')
  AND NOT (pg_catalog.starts_with(t.tgname, 'payrollx_limit_') OR pg_catalog.starts_with(t.tgname, 'payrollx_routes_'))
ORDER BY 1, 2
