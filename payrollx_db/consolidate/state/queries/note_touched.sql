WITH noted AS (
  INSERT INTO payrollx_meta.touched (database, source, key, why)
  SELECT %(database)s, %(source)s, k, %(why)s FROM pg_catalog.unnest(%(keys)s::text[]) AS keys (k)
  ON CONFLICT DO NOTHING
  RETURNING 1
)
SELECT pg_catalog.count(*) FROM noted
