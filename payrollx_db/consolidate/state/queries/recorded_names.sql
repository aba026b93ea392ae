-- The tables that runs have recorded, with the relations, types and functions of these; with a service, those of the
-- runs of it, and with a schema, what belongs to tables there.
SELECT DISTINCT n.name
FROM payrollx_meta.structures AS s
JOIN payrollx_meta.runs AS r ON r.id = s.run_id
CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(s.objects) AS o (value)
CROSS JOIN LATERAL (VALUES (o.value ->> 0), (o.value ->> 2)) AS n (name)
WHERE o.value ->> 1 IN ('table', 'foreign table', 'view', 'materialized view', 'type', 'function')
  AND (%(service)s = '' OR %(service)s = ANY (r.services))
  AND (%(schema)s::text = '' OR pg_catalog.starts_with(o.value ->> 0, pg_catalog.format('%%I.', %(schema)s::text)))
