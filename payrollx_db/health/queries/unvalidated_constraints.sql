-- Constraints that old rows were never held against. Since Postgres 18 one may also be NOT ENFORCED altogether.
-- Each is listed once: what partitions and children have of it is validated with it, and the copies that a foreign key
-- to a partitioned table has for each partition there are no constraints of their own (before 18, they stay as they are).
SELECT n.nspname::text AS schema,
       c.relname::text AS table,
       k.conname::text AS name,
       coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean, true) AS is_enforced
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND NOT k.convalidated
  AND NOT EXISTS (
      SELECT
      FROM pg_catalog.pg_constraint AS p
      WHERE p.oid = k.conparentid AND (p.conrelid = k.conrelid OR NOT p.convalidated)
  )
  AND NOT EXISTS (
      SELECT
      FROM pg_catalog.pg_inherits AS h
      JOIN pg_catalog.pg_constraint AS p ON p.conrelid = h.inhparent AND p.conname = k.conname
      WHERE h.inhrelid = k.conrelid AND k.coninhcount > 0 AND k.contype <> 'f' AND p.contype = k.contype
        AND NOT p.convalidated
  )
ORDER BY 1, 2, 3
