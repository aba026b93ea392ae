SELECT attempt, started_at, host, process, account, tool_version, python_version, jobs, policies, discards, waiting,
       target_system, target_dbname, target_url, target_version
FROM payrollx_meta.attempts WHERE run_id = %(run)s ORDER BY attempt
