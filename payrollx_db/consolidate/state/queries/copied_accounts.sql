UPDATE payrollx_meta.tables AS t
SET status = 'copied', rows_read = m.rows_read, rows_written = m.rows_written, rows_quarantined = 0, bytes = m.bytes,
    seconds = m.seconds, finished_at = pg_catalog.clock_timestamp(),
    started_at = pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => m.age)
FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[]::bigint[]),
                pg_catalog.unnest($5::text[]::bigint[]), pg_catalog.unnest($6::text[]::bigint[]),
                pg_catalog.unnest($7::text[]::double precision[]), pg_catalog.unnest($8::text[]::double precision[]))
     AS m (source, target, rows_read, rows_written, bytes, seconds, age)
WHERE (t.run_id, t.source, t.target) = ($1, m.source, m.target)
