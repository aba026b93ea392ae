-- The schemas of a database that hold anything of its own: how many tables and how many other objects; and which
-- extension the schema belongs to, if any. What extensions have made isn't counted.
WITH member AS (
  SELECT d.classid, d.objid
  FROM pg_catalog.pg_depend AS d
  WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
), relation AS (
  SELECT c.relnamespace AS namespace,
         count(*) FILTER (WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition) AS tables,
         count(*) FILTER (WHERE c.relkind IN ('v', 'm', 'S', 'c') OR (c.relkind IN ('r', 'p', 'f') AND c.relispartition))
           AS others
  FROM pg_catalog.pg_class AS c
  WHERE c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM member AS m
                    WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objid = c.oid)
  GROUP BY c.relnamespace
), routine AS (
  SELECT p.pronamespace AS namespace, count(*) AS routines
  FROM pg_catalog.pg_proc AS p
  WHERE NOT EXISTS (SELECT FROM member AS m
                    WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid)
  GROUP BY p.pronamespace
), type AS (
  SELECT t.typnamespace AS namespace, count(*) AS types
  FROM pg_catalog.pg_type AS t
  WHERE t.typtype IN ('e', 'd', 'r')
    AND NOT EXISTS (SELECT FROM member AS m
                    WHERE m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND m.objid = t.oid)
  GROUP BY t.typnamespace
)
SELECT n.nspname::text,
       coalesce(r.tables, 0),
       coalesce(r.others, 0) + coalesce(p.routines, 0) + coalesce(t.types, 0),
       coalesce((
         SELECT e.extname FROM member AS m
         JOIN pg_catalog.pg_depend AS d ON d.classid = m.classid AND d.objid = m.objid AND d.deptype = 'e'
         JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
         WHERE m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND m.objid = n.oid
         LIMIT 1
       ), '')::text
FROM pg_catalog.pg_namespace AS n
LEFT JOIN relation AS r ON r.namespace = n.oid
LEFT JOIN routine AS p ON p.namespace = n.oid
LEFT JOIN type AS t ON t.namespace = n.oid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname <> 'public', n.nspname
