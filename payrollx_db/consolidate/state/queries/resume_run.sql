UPDATE payrollx_meta.runs
SET status = 'running', message = NULL, finished_at = NULL, host = %s, process = %s
WHERE id = %s
