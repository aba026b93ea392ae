-- The tables at which the gate's trigger stands, in whatever mode.
SELECT n.nspname, c.relname, g.tgname
FROM pg_catalog.pg_trigger AS g
JOIN pg_catalog.pg_class AS c ON c.oid = g.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid
JOIN pg_catalog.pg_namespace AS s ON s.oid = p.pronamespace
WHERE (s.nspname, p.proname) = (%(schema)s, %(function)s) AND g.tgparentid = 0
ORDER BY 1, 2
