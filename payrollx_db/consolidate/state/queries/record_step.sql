-- The clock is the server's: a transaction that does one thing began when that thing did.
INSERT INTO payrollx_meta.steps (run_id, table_name, name, kind, started_at, finished_at)
VALUES (%s, %s, %s, %s, pg_catalog.now(), pg_catalog.clock_timestamp())
ON CONFLICT (run_id, table_name, name, kind)
DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at
