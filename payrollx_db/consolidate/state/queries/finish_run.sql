UPDATE payrollx_meta.runs
SET status = %(status)s, message = %(message)s, finished_at = pg_catalog.clock_timestamp(),
    stage = CASE %(status)s WHEN 'done' THEN 'done' ELSE stage END
WHERE id = %(run)s
