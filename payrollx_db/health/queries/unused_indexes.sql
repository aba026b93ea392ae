-- Indexes that no scan has used since the statistics began, and that nothing else needs: no key, no unique, and
-- not the one that a reference (enforced, or one of the loose ones that are given) is looked up by. To ask a size takes a
-- lock: indexes that somebody holds or waits for alone are left out, as they change under our eyes.
WITH held AS MATERIALIZED (
  SELECT l.relation
  FROM pg_catalog.pg_lock_status() AS l
  WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
)
SELECT n.nspname::text AS schema,
       t.relname::text AS table,
       i.relname::text AS index,
       z.bytes,
       since.days
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_stat_all_indexes AS s ON s.indexrelid = i.oid
CROSS JOIN (
    SELECT extract(epoch FROM pg_catalog.clock_timestamp()
               - greatest(d.stats_reset, pg_catalog.pg_postmaster_start_time()))::float8 / 86400 AS days
    FROM pg_catalog.pg_stat_database AS d
    WHERE d.datname = pg_catalog.current_database()
) AS since
CROSS JOIN LATERAL (
    SELECT CASE WHEN NOT EXISTS (SELECT FROM held AS l WHERE l.relation = i.oid)
                THEN pg_catalog.pg_relation_size(i.oid) END AS bytes
) AS z
WHERE n.nspname = ANY (%(schemas)s)
  AND x.indisvalid AND NOT x.indisunique AND NOT x.indisexclusion
  AND s.idx_scan = 0
  AND since.days >= %(days)s
  AND z.bytes >= %(bytes)s
  AND NOT EXISTS (
      SELECT
      FROM pg_catalog.pg_constraint AS k
      WHERE k.contype = 'f' AND k.conrelid = t.oid
        AND (x.indkey::smallint[])[0:pg_catalog.cardinality(k.conkey) - 1] @> k.conkey
  )
  AND NOT EXISTS (
      SELECT
      FROM pg_catalog.jsonb_to_recordset(%(loose)s::jsonb) AS l (schema text, relation text, columns text[])
      WHERE l.schema = n.nspname AND l.relation = t.relname AND l.columns <@ (
          SELECT pg_catalog.array_agg(a.attname::text)
          FROM pg_catalog.pg_attribute AS a
          WHERE a.attrelid = t.oid
            AND a.attnum = ANY ((x.indkey::smallint[])[0:pg_catalog.cardinality(l.columns) - 1])
      )
  )
ORDER BY 1, 2, 3
