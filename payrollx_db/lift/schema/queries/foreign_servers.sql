-- The foreign tables of the schemas, each with its server.
SELECT s.srvname::text, pg_catalog.format('%%I.%%I', n.nspname, c.relname), n.nspname::text, c.relname::text
FROM pg_catalog.pg_foreign_table AS f
JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
JOIN pg_catalog.pg_class AS c ON c.oid = f.ftrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY 1, 2
