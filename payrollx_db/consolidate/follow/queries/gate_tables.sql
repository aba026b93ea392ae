-- The tables through which rows of these can be written: they, and all above and below them, partitions or heirs. Each
-- with whether a subscription's worker writes rows of it, which it may do by the name of any table of the tree; and
-- whether the gate stands there: triggers that fire in every session, and call its function.
WITH RECURSIVE tree (oid) AS (
    SELECT t.oid FROM pg_catalog.unnest({tables}::oid[]) AS t (oid)
    UNION
    SELECT CASE WHEN i.inhrelid = tree.oid THEN i.inhparent ELSE i.inhrelid END
    FROM tree JOIN pg_catalog.pg_inherits AS i ON tree.oid IN (i.inhrelid, i.inhparent)
), subscribed (oid) AS (
    SELECT r.srrelid FROM pg_catalog.pg_subscription_rel AS r
    UNION
    SELECT i.inhrelid FROM subscribed JOIN pg_catalog.pg_inherits AS i ON i.inhparent = subscribed.oid
), gate (relid, name) AS (
    SELECT g.tgrelid, g.tgname::text
    FROM pg_catalog.pg_trigger AS g
    JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid
    JOIN pg_catalog.pg_namespace AS s ON s.oid = p.pronamespace
    WHERE g.tgenabled = 'A' AND (s.nspname, p.proname) = ({schema}, {function})
), found AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind::text AS kind,
           c.relkind = 'r' AND c.oid IN (SELECT s.oid FROM subscribed AS s) AS subscribed
    FROM tree
    JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f')
)
SELECT f.oid, f.nspname, f.relname, f.kind, f.subscribed,
       EXISTS (SELECT FROM gate AS g WHERE g.relid = f.oid AND g.name = {trigger})
       AND (NOT f.subscribed OR EXISTS (SELECT FROM gate AS g WHERE g.relid = f.oid AND g.name = {of_rows}))
FROM found AS f
ORDER BY 2, 3
