-- The relations, types and functions that runs have recorded the structure of, and what each run's record says of itself.
SELECT s.run_id, s.revisions, s.recorded_at, s.accepted_at,
       ARRAY(SELECT DISTINCT o.value ->> 2 FROM pg_catalog.jsonb_array_elements(s.objects) AS o (value)
             WHERE o.value ->> 1 = ANY (%(kinds)s))
FROM payrollx_meta.structures AS s
WHERE s.run_id = ANY (%(runs)s)
ORDER BY s.run_id
