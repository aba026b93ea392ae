-- Those of these tables into which a run has brought a share of the rows that the server knows of, or which it knows
-- nothing of. (Of a partitioned table, it knows what was analyzed of it as a whole.)
SELECT c.oid
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN (SELECT t.target, pg_catalog.sum(t.rows_written) AS rows
      FROM payrollx_meta.tables AS t
      WHERE t.run_id = %(run)s AND t.kind = 'copy'
      GROUP BY t.target) AS brought ON brought.target = n.nspname || '.' || c.relname
WHERE c.oid = ANY (%(tables)s) AND brought.rows > 0 AND brought.rows >= %(share)s * c.reltuples
