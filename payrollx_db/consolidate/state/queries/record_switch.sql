INSERT INTO payrollx_meta.switches (database, stage, intent, operator, at)
SELECT d.database, {stage},
       pg_catalog.jsonb_build_object(
         'step', {step}::text, 'facts', {facts}::jsonb,
         'history', COALESCE(s.intent -> 'history', '[]') || CASE WHEN s.stage = {stage} THEN '[]' ELSE
           pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
             'stage', {stage}::text, 'operator', {operator}::text, 'at', pg_catalog.clock_timestamp(),
             'facts', {facts}::jsonb,
             'keys', (SELECT pg_catalog.jsonb_object_agg(f.direction, f.keys) FROM payrollx_meta.flows AS f
                      WHERE f.database = d.database)))
         END),
       {operator}, pg_catalog.clock_timestamp()
FROM pg_catalog.unnest({databases}::text[]) AS d (database)
LEFT JOIN payrollx_meta.switches AS s ON s.database = d.database
ON CONFLICT (database) DO UPDATE
SET stage = excluded.stage, intent = excluded.intent, operator = excluded.operator, at = excluded.at
