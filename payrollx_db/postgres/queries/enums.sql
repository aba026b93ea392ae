-- The enum types of a schema, with their labels in their order.
SELECT t.typname::text, pg_catalog.array_agg(l.enumlabel::text ORDER BY l.enumsortorder)
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_enum AS l ON l.enumtypid = t.oid
WHERE n.nspname = %(schema)s
GROUP BY t.typname
ORDER BY t.typname
