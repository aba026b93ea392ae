-- What a process timed by its own clock, as seconds before now.
INSERT INTO payrollx_meta.steps (run_id, table_name, name, kind, started_at, finished_at)
VALUES (%s, %s, %s, %s, pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s),
        pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s))
ON CONFLICT (run_id, table_name, name, kind)
DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at
