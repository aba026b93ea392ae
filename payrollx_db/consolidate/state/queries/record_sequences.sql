-- Where they stood before the run's first attempt is what undoing puts back.
INSERT INTO payrollx_meta.sequences (run_id, schema, name, value_before, called_before, value, called)
SELECT %s, s.*
FROM ROWS FROM (
  pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::bigint[]),
  pg_catalog.unnest(%s::boolean[]), pg_catalog.unnest(%s::bigint[]), pg_catalog.unnest(%s::boolean[])
) AS s
ON CONFLICT (run_id, schema, name) DO UPDATE SET value = excluded.value, called = excluded.called
