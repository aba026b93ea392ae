-- With a service, only of the runs that were of it; with a schema, only what belongs to tables there.
SELECT s.run_id, s.revisions,
       coalesce((SELECT pg_catalog.jsonb_agg(o.value) FROM pg_catalog.jsonb_array_elements(s.objects) AS o (value)
                 WHERE (%(schema)s::text = '' OR pg_catalog.starts_with(o.value ->> 0, pg_catalog.format('%%I.', %(schema)s::text)))), '[]')
FROM payrollx_meta.structures AS s JOIN payrollx_meta.runs AS r ON r.id = s.run_id
WHERE %(service)s = '' OR %(service)s = ANY (r.services)
ORDER BY s.run_id
