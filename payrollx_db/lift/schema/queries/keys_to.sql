-- Foreign keys that point at one of these tables; those that a partition has from its parent go with that one.
SELECT k.conrelid::pg_catalog.regclass::text, k.conname::text, k.confrelid::pg_catalog.regclass::text,
       k.conrelid <> ALL (%(tables)s::oid[]) AS from_others
FROM pg_catalog.pg_constraint AS k
WHERE k.contype = 'f' AND k.confrelid = ANY (%(tables)s::oid[]) AND k.conrelid <> k.confrelid AND k.conparentid = 0
ORDER BY 1, 2
