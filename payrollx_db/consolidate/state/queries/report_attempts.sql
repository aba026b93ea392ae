-- What only newer versions record is read so that it may be missing.
SELECT attempt, started_at, host, process, account, tool_version, python_version, jobs, policies, discards, waiting,
       target_system, target_dbname, target_url, target_version,
       pg_catalog.to_jsonb(a) ->> 'target_encoding' AS target_encoding,
       (pg_catalog.to_jsonb(a) ->> 'ended_at')::timestamptz AS ended_at,
       pg_catalog.to_jsonb(a) ->> 'status' AS status,
       pg_catalog.to_jsonb(a) ->> 'message' AS message
FROM payrollx_meta.attempts AS a WHERE run_id = %(run)s ORDER BY attempt
