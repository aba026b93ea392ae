-- Constraints that old rows were never held against. Since Postgres 18 one may also be NOT ENFORCED altogether.
SELECT n.nspname::text AS schema,
       c.relname::text AS table,
       k.conname::text AS name,
       coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean, true) AS is_enforced
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND NOT k.convalidated
ORDER BY 1, 2, 3
