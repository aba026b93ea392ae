INSERT INTO payrollx_meta.verifications (run_id, started_at, finished_at, identical, host, tool_version, structure)
VALUES (%s, pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s), pg_catalog.clock_timestamp(), %s, %s, %s, %s::jsonb)
RETURNING id
