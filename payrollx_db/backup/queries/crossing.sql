-- The foreign keys that lead into a schema, or out of it: each with its table, because two may have one name.
SELECT here.nspname::text, child.relname::text, k.conname::text
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS child ON child.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS here ON here.oid = child.relnamespace
JOIN pg_catalog.pg_class AS parent ON parent.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS there ON there.oid = parent.relnamespace
WHERE k.contype = 'f' AND here.oid <> there.oid AND %(schema)s IN (here.nspname, there.nspname)
ORDER BY here.nspname, child.relname, k.conname
