SELECT relname::text, pg_catalog.pg_total_relation_size(oid)
FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
