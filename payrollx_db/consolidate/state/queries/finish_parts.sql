-- Parts of one slice each, all of whose rows are in.
WITH moved AS (
  SELECT m.source, m.target, m.rows_read, m.rows_written, m.bytes
  FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($5::text[]::bigint[]),
                  pg_catalog.unnest($6::text[]::bigint[]), pg_catalog.unnest($7::text[]::bigint[]))
       AS m (source, target, rows_read, rows_written, bytes)
), sliced AS (
  INSERT INTO payrollx_meta.slices (run_id, source, target, part, slice, rows_read, rows_written, bytes)
  SELECT $1, m.source, m.target, $4, 0, m.rows_read, m.rows_written, m.bytes FROM moved AS m
)
UPDATE payrollx_meta.parts AS p SET finished_at = pg_catalog.clock_timestamp()
FROM moved AS m
WHERE (p.run_id, p.source, p.target, p.part) = ($1, m.source, m.target, $4)
