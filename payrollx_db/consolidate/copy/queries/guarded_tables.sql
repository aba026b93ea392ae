-- Those of these tables that have a trigger of their own for TRUNCATE, which would fire.
SELECT DISTINCT n.nspname::text || '.' || c.relname::text
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(tables)s::oid[]) AND NOT t.tgisinternal AND t.tgtype & 32 <> 0 AND t.tgenabled <> 'D'
