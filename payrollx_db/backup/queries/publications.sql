-- The publications that tables of a schema are in, by whatever way they came in.
SELECT pubname::text, tablename::text
FROM pg_catalog.pg_publication_tables
WHERE schemaname = %(schema)s
