UPDATE payrollx_meta.objects AS o SET restored_at = pg_catalog.clock_timestamp()
FROM ROWS FROM (pg_catalog.unnest(%(tables)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS r (table_name, name)
WHERE o.run_id = %(run)s AND (o.table_name, o.name) = (r.table_name, r.name)
