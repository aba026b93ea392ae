INSERT INTO payrollx_meta.verified_so_far (source, target, compared, verdict)
SELECT k.source, k.target, k.compared, k.verdict::jsonb
FROM ROWS FROM (pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[]), pg_catalog.unnest(%s::text[]),
                pg_catalog.unnest(%s::text[])) AS k (source, target, compared, verdict)
ON CONFLICT (source, target) DO UPDATE
SET compared = excluded.compared, verdict = excluded.verdict, verified_at = pg_catalog.clock_timestamp()
