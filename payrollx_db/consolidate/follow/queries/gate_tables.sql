-- The tables through which rows of these can be written: they, and all above and below them, partitions or heirs. Each
-- with whether the gate stands there: a trigger that fires in every session, and calls its function.
WITH RECURSIVE tree (oid) AS (
    SELECT t.oid FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
    UNION
    SELECT CASE WHEN i.inhrelid = tree.oid THEN i.inhparent ELSE i.inhrelid END
    FROM tree JOIN pg_catalog.pg_inherits AS i ON tree.oid IN (i.inhrelid, i.inhparent)
)
SELECT c.oid, n.nspname, c.relname, c.relkind::text,
       EXISTS (SELECT FROM pg_catalog.pg_trigger AS g
               JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid
               JOIN pg_catalog.pg_namespace AS s ON s.oid = p.pronamespace
               WHERE g.tgrelid = c.oid AND g.tgname = %(trigger)s AND g.tgenabled = 'A'
                 AND (s.nspname, p.proname) = (%(schema)s, %(function)s))
FROM tree
JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
ORDER BY 2, 3
