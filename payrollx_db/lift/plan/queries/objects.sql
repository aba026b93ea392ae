-- What code may name in these schemas: relations, routines and types, each with its kind.
SELECT n.nspname::text, c.relname::text, 'relation'
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
UNION
SELECT n.nspname::text, p.proname::text, 'routine'
FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = ANY (%(schemas)s)
UNION
SELECT n.nspname::text, t.typname::text, 'type'
FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname = ANY (%(schemas)s)
