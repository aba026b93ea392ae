-- The rewrite rules of these tables for INSERT, which COPY passes over.
SELECT r.ev_class::bigint AS table, r.rulename::text AS name
FROM pg_catalog.pg_rewrite AS r
WHERE r.ev_class = ANY (%(tables)s::oid[]) AND r.ev_type = '3' AND r.ev_enabled <> 'D'
ORDER BY 1, 2
