INSERT INTO payrollx_meta.switches (database, stage, intent, operator, at)
SELECT d.database, %(stage)s,
       pg_catalog.jsonb_build_object(
         'step', %(step)s::text, 'facts', %(facts)s::jsonb,
         'history', COALESCE(s.intent -> 'history', '[]') || CASE WHEN s.stage = %(stage)s THEN '[]' ELSE
           pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
             'stage', %(stage)s::text, 'operator', %(operator)s::text, 'at', pg_catalog.clock_timestamp(),
             'facts', %(facts)s::jsonb,
             'keys', (SELECT pg_catalog.jsonb_object_agg(f.direction, f.keys) FROM payrollx_meta.flows AS f
                      WHERE f.database = d.database)))
         END),
       %(operator)s, pg_catalog.clock_timestamp()
FROM pg_catalog.unnest(%(databases)s::text[]) AS d (database)
LEFT JOIN payrollx_meta.switches AS s ON s.database = d.database
ON CONFLICT (database) DO UPDATE
SET stage = excluded.stage, intent = excluded.intent, operator = excluded.operator, at = excluded.at
