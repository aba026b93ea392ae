INSERT INTO payrollx_meta.attempts (run_id, attempt, host, process, tool_version, python_version, jobs, policies,
                                    discards, waiting, target_system, target_dbname, target_url, target_version, target_encoding)
SELECT %(run)s, 1 + pg_catalog.count(*), %(host)s, %(process)s, %(tool)s, %(python)s, %(jobs)s, %(policies)s,
       %(discards)s::jsonb, %(waiting)s, %(system)s, %(dbname)s, %(url)s, %(version)s, %(encoding)s
FROM payrollx_meta.attempts WHERE run_id = %(run)s
