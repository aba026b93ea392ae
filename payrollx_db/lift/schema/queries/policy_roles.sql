-- The roles that policies of the schemas name, each with the first policy that does.
SELECT r.rolname::text, min(pg_catalog.format('%%I on %%I.%%I', p.polname, n.nspname, c.relname))
FROM pg_catalog.pg_policy AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN pg_catalog.unnest(p.polroles) AS named (oid)
JOIN pg_catalog.pg_roles AS r ON r.oid = named.oid
WHERE n.nspname = ANY (%(schemas)s)
GROUP BY 1
ORDER BY 1
