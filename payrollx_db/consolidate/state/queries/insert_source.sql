INSERT INTO payrollx_meta.sources (run_id, database, system, dbname, url, server_version, shape)
VALUES (%s, %s, %s, %s, %s, %s, %s)
