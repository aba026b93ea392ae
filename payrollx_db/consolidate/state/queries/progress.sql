-- How far the tables of a run are: slices that are in, and COPYs that are under way.
SELECT target, pg_catalog.sum(rows)::bigint, pg_catalog.sum(bytes)::bigint
FROM (
  SELECT s.target, s.rows_written AS rows, s.bytes
  FROM payrollx_meta.slices AS s
  JOIN payrollx_meta.tables AS t USING (run_id, source, target)
  WHERE t.run_id = %(run)s AND t.status = 'running'
  UNION ALL
  SELECT n.nspname::text || '.' || c.relname::text, p.tuples_processed, p.bytes_processed
  FROM pg_catalog.pg_stat_progress_copy AS p
  JOIN pg_catalog.pg_class AS c ON c.oid = p.relid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE p.datname = pg_catalog.current_database() AND p.command = 'COPY FROM'
) AS moved
GROUP BY target
