-- The relations, types and functions that runs have recorded; with a service, those of the runs of it.
SELECT DISTINCT o.value ->> 2
FROM payrollx_meta.structures AS s
JOIN payrollx_meta.runs AS r ON r.id = s.run_id
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(s.objects) AS o (value)
WHERE o.value ->> 1 IN ('table', 'foreign table', 'view', 'materialized view', 'type', 'function')
  AND (%(service)s = '' OR %(service)s = ANY (r.services))
