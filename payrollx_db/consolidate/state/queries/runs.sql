SELECT id, catalog, layout, services, status, stage, message, tool_version, jobs, host, process, started_at, finished_at
FROM payrollx_meta.runs
ORDER BY id DESC
