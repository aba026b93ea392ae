INSERT INTO payrollx_meta.stuck (database, source, key, reason) VALUES (%s, %s, %s, %s)
ON CONFLICT (database, source, key) DO UPDATE SET reason = excluded.reason, at = pg_catalog.clock_timestamp()
