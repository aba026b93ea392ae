-- What a database holds of its users' making, what extensions brought apart: relations, types, functions, large objects.
WITH ours AS (
  SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), found (class, object, kind, schema, name) AS (
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid,
         CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type'
                        ELSE 'table' END,
         ours.nspname, c.relname
  FROM pg_catalog.pg_class AS c JOIN ours ON ours.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c')
  UNION ALL
  SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 'type', ours.nspname, t.typname
  FROM pg_catalog.pg_type AS t JOIN ours ON ours.oid = t.typnamespace
  WHERE t.typtype IN ('e', 'd', 'r')
  UNION ALL
  SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 'function', ours.nspname, p.proname
  FROM pg_catalog.pg_proc AS p JOIN ours ON ours.oid = p.pronamespace
)
SELECT f.kind, pg_catalog.quote_ident(f.schema) || '.' || pg_catalog.quote_ident(f.name)
FROM found AS f
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = f.class AND d.objid = f.object
                    -- of an extension; or a sequence, a range's functions and the like, which belong to another object
                    AND d.deptype IN ('e', 'i', 'a'))
UNION ALL
SELECT 'schema', pg_catalog.quote_ident(nspname) FROM pg_catalog.pg_namespace WHERE nspname = %(schema)s
UNION ALL
SELECT 'large object', oid::text FROM pg_catalog.pg_largeobject_metadata
ORDER BY 1, 2
LIMIT 11
