SELECT code, severity, place, count, message, examples, action
FROM payrollx_meta.findings
WHERE run_id = %s
ORDER BY severity, place, code
