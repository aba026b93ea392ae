SELECT database, dbname, system, url, server_version, shape, pg_catalog.to_jsonb(s) ->> 'encoding' AS encoding
FROM payrollx_meta.sources AS s WHERE run_id = %(run)s
ORDER BY database
