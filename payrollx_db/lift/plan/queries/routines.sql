-- The routines of these schemas whose code is text: the schema, the name, the language, the code, the whole definition,
-- whether it has a search_path of its own, and what calls it without anybody's asking.
--
-- Those of the schemas come first: a server's own routines are thousands, and each would be turned to JSON.
WITH routine AS MATERIALIZED (
  SELECT p.oid, n.nspname, pg_catalog.to_jsonb(p) ->> 'prosqlbody' AS parsed
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  WHERE n.nspname = ANY (%(schemas)s) AND p.prokind IN ('f', 'p', 'w')
)
SELECT r.nspname::text, p.proname::text, l.lanname::text, p.prosrc, pg_catalog.pg_get_functiondef(p.oid),
       EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS setting
               WHERE pg_catalog.starts_with(setting, 'search_path=')),
       ARRAY(
         SELECT 'trigger' FROM pg_catalog.pg_trigger AS t WHERE t.tgfoid = p.oid AND NOT t.tgisinternal
         UNION
         SELECT CASE WHEN d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN 'check'
                     WHEN a.attgenerated <> '' THEN 'generated column'
                     WHEN d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass THEN 'index'
                     ELSE 'default' END
         FROM pg_catalog.pg_depend AS d
         LEFT JOIN pg_catalog.pg_attrdef AS f
           ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND f.oid = d.objid
         -- Before Postgres 15, a generated column depends on the routine by itself, and not by its expression.
         LEFT JOIN pg_catalog.pg_attribute AS a
           ON a.attrelid = CASE WHEN d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objid ELSE f.adrelid END
          AND a.attnum = coalesce(f.adnum, d.objsubid)
         WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = p.oid
           AND (d.classid IN ('pg_catalog.pg_constraint'::pg_catalog.regclass,
                              'pg_catalog.pg_attrdef'::pg_catalog.regclass)
                OR a.attgenerated <> ''
                OR EXISTS (SELECT FROM pg_catalog.pg_index AS i
                           WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = d.objid))
         ORDER BY 1
       )
FROM routine AS r
JOIN pg_catalog.pg_proc AS p ON p.oid = r.oid
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE l.lanname NOT IN ('internal', 'c') AND r.parsed IS NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY r.nspname, p.proname, p.oid
