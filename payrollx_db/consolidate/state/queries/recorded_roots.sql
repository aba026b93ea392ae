-- The tables that runs have recorded the structure of: those that are there; with a service, those of the runs of it.
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
  AND pg_catalog.format('%%I.%%I', n.nspname, c.relname) IN (
    SELECT o.value ->> 0
    FROM payrollx_meta.structures AS s
    JOIN payrollx_meta.runs AS r ON r.id = s.run_id
    CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(s.objects) AS o (value)
    WHERE %(service)s = '' OR %(service)s = ANY (r.services))
