INSERT INTO payrollx_meta.touched (database, source, key, why)
SELECT {database}, {source}, k, {why} FROM pg_catalog.unnest({keys}::text[]) AS keys (k)
ON CONFLICT DO NOTHING
