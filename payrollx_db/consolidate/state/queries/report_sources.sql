SELECT database, dbname, system, url, server_version, shape FROM payrollx_meta.sources WHERE run_id = %(run)s
ORDER BY database
