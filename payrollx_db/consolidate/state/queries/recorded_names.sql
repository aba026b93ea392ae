-- The relations, types and functions that runs have recorded.
SELECT DISTINCT o.value ->> 2
FROM payrollx_meta.structures AS s CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(s.objects) AS o (value)
WHERE o.value ->> 1 IN ('table', 'foreign table', 'view', 'materialized view', 'type', 'function')
