INSERT INTO payrollx_meta.verified_so_far (source, target, compared, verdict) VALUES (%s, %s, %s, %s::jsonb)
ON CONFLICT (source, target) DO UPDATE
SET compared = excluded.compared, verdict = excluded.verdict, verified_at = pg_catalog.clock_timestamp()
