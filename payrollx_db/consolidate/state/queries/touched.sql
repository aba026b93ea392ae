-- How many rows some runs say they have put into a table, or into a scope of it, how many are there, and how many of
-- those others have written: rows and the record of their slice come from one transaction, so both have its number. (The
-- same goes for those that were put back from quarantine.)
SELECT (SELECT coalesce(pg_catalog.sum(CASE WHEN t.status = 'done' THEN t.rows_written ELSE coalesce(moved.rows, 0) END), 0)
        FROM payrollx_meta.tables AS t
        LEFT JOIN (SELECT s.run_id, s.source, s.target, pg_catalog.sum(s.rows_written) AS rows
                   FROM payrollx_meta.slices AS s GROUP BY s.run_id, s.source, s.target) AS moved
               USING (run_id, source, target)
        WHERE t.run_id = ANY ({runs}) AND t.target = {target}
          AND coalesce(pg_catalog.to_jsonb(t.*) -> 'scope', '{{}}') = {scope}::jsonb)::bigint,
       pg_catalog.count(*),
       pg_catalog.count(*) FILTER (WHERE r.xmin NOT IN (
         SELECT s.xmin FROM payrollx_meta.slices AS s WHERE s.run_id = ANY ({runs}) AND s.target = {target}))
FROM {table} AS r
-- Rows of tables that inherit from it are theirs; those of partitions are its own.
WHERE (r.tableoid = {name}::pg_catalog.regclass
       OR (SELECT c.relkind FROM pg_catalog.pg_class AS c WHERE c.oid = {name}::pg_catalog.regclass) <> 'r')
  AND {in_scope}
