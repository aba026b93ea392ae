-- The tables of these schemas: about how many rows, and how big with their indexes and what is kept out of line. To ask
-- a size takes a lock: what somebody holds or waits for alone is told as it was when it was last vacuumed or analyzed.
WITH held AS MATERIALIZED (
  SELECT l.relation
  FROM pg_catalog.pg_lock_status() AS l
  WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
)
SELECT n.nspname::text AS schema,
       c.relname::text AS name,
       CASE WHEN s.n_live_tup > 0 THEN s.n_live_tup ELSE greatest(c.reltuples, 0)::bigint END AS rows,
       CASE WHEN h.alone THEN p.size * (c.relpages::bigint + i.pages + coalesce(t.relpages, 0))
            ELSE pg_catalog.pg_total_relation_size(c.oid) END AS bytes,
       CASE WHEN h.alone THEN p.size * i.pages ELSE pg_catalog.pg_indexes_size(c.oid) END AS index_bytes,
       coalesce(s.n_dead_tup, 0) AS dead_rows
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
CROSS JOIN LATERAL (
  SELECT coalesce(sum(o.relpages), 0)::bigint AS pages, pg_catalog.array_agg(o.oid) AS oids
  FROM pg_catalog.pg_index AS x
  JOIN pg_catalog.pg_class AS o ON o.oid = x.indexrelid
  WHERE x.indrelid = c.oid
) AS i
CROSS JOIN LATERAL (
  SELECT EXISTS (SELECT FROM held AS l WHERE l.relation IN (c.oid, t.oid) OR l.relation = ANY (i.oids)) AS alone
) AS h
CROSS JOIN (SELECT pg_catalog.current_setting('block_size')::bigint AS size) AS p
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p')
ORDER BY 1, 2
