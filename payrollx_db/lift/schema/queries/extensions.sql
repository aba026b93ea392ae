-- The extensions that there are: where they lie, their version, and whether they can be moved to another schema.
SELECT e.extname::text, n.nspname::text, e.extversion, e.extrelocatable
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'
ORDER BY e.oid
