INSERT INTO payrollx_meta.sources (run_id, database, system, dbname, url, server_version, shape, encoding)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
