-- The tables of a schema, each with its file, which is another one once the table was truncated or written anew.
SELECT c.oid::bigint, c.relname::text, c.relfilenode::bigint
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind = 'r'
