-- The views over these columns of a schema's tables, and those over them: how far up each stands, and whether all that
-- it has is known: no comments, privileges or defaults of its columns.
WITH RECURSIVE over (oid, depth) AS (
  SELECT w.ev_class, 1
  FROM ROWS FROM (pg_catalog.unnest(%(tables)s::text[]), pg_catalog.unnest(%(columns)s::text[])) AS t (name, attribute)
  JOIN pg_catalog.pg_class AS c ON c.relname = t.name
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = %(schema)s
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = t.attribute
  JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid
    AND d.refobjsubid = a.attnum AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
  JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid AND w.rulename = '_RETURN'
  UNION ALL
  SELECT w.ev_class, o.depth + 1
  FROM over AS o
  JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = o.oid
    AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
  JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid AND w.rulename = '_RETURN' AND w.ev_class <> o.oid
)
SELECT vn.nspname::text, v.relname::text, v.relkind::text, pg_catalog.max(o.depth)::int,
       NOT EXISTS (SELECT FROM pg_catalog.pg_description AS e
                   WHERE e.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objoid = v.oid AND e.objsubid > 0)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                       WHERE a.attrelid = v.oid AND (a.attacl IS NOT NULL OR a.atthasdef))
FROM over AS o
JOIN pg_catalog.pg_class AS v ON v.oid = o.oid
JOIN pg_catalog.pg_namespace AS vn ON vn.oid = v.relnamespace
GROUP BY v.oid, vn.nspname, v.relname, v.relkind
ORDER BY 4, 1, 2
