-- With a schema, what belongs to tables elsewhere stays.
UPDATE payrollx_meta.structures
SET revisions = %(revisions)s,
    objects = coalesce((SELECT pg_catalog.jsonb_agg(o.value) FROM pg_catalog.jsonb_array_elements(objects) AS o (value)
                        WHERE NOT (%(schema)s::text = '' OR pg_catalog.starts_with(o.value ->> 0, pg_catalog.format('%%I.', %(schema)s::text)))), '[]') || %(objects)s
WHERE run_id = %(run)s
