INSERT INTO payrollx_meta.runs (catalog, layout, services, status, tool_version, jobs, host, process)
VALUES (%s, %s, %s, 'running', %s, %s, %s, %s)
RETURNING id, catalog, layout, services, status, stage, message, tool_version, jobs, host, process, started_at, finished_at
