UPDATE payrollx_meta.tables AS t SET rows_written = c.rows, rows_merged = 0, status = 'done'
FROM ROWS FROM (pg_catalog.unnest(%(sources)s::text[]), pg_catalog.unnest(%(targets)s::text[]),
                pg_catalog.unnest(%(rows)s::bigint[])) AS c (source, target, rows)
WHERE (t.run_id, t.source, t.target) = (%(run)s, c.source, c.target)
