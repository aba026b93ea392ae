INSERT INTO payrollx_meta.tables (run_id, source, target, kind, estimated_rows, estimated_bytes, scope)
SELECT %s, t.*
FROM ROWS FROM (
  pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[]),
  pg_catalog.unnest(%s::bigint[]), pg_catalog.unnest(%s::bigint[]), pg_catalog.unnest(%s::jsonb[])
) AS t
