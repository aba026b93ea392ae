-- Foreign keys that lead from the schemas to a table of another one.
SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname), k.conname::text,
       pg_catalog.format('%%I.%%I', fn.nspname, f.relname), n.nspname::text, c.relname::text
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
WHERE k.contype = 'f' AND n.nspname = ANY (%(schemas)s) AND fn.nspname <> ALL (%(schemas)s)
ORDER BY 1, 2
