-- The declared types of these tables' columns, each with its modifier, and the elements of arrays among them; as
-- types.sql has them where they are base types or enums. Most tables have no others, and all that types.sql asks takes
-- four times as long to plan, anew in each database.
SELECT DISTINCT t.oid::bigint,
       u.atttypmod,
       pg_catalog.format_type(t.oid, u.atttypmod),
       n.nspname::text,
       t.typname::text,
       t.typtype::text,
       t.typbasetype::bigint,
       t.typtypmod,
       CASE WHEN t.typoutput = 'pg_catalog.array_out'::regproc THEN t.typelem END::bigint,
       t.typnotnull,
       t.typsend <> 0::regproc AND t.typreceive <> 0::regproc,
       coalesce((SELECT e.extname
                 FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
                 WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.objsubid = 0
                   AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'), '')::text,
       CASE t.typtype WHEN 'e' THEN (SELECT pg_catalog.array_agg(l.enumlabel::text ORDER BY l.enumsortorder)
                                     FROM pg_catalog.pg_enum AS l WHERE l.enumtypid = t.oid) END,
       NULL::jsonb,
       NULL::text[],
       ''
FROM (SELECT DISTINCT a.atttypid, a.atttypmod
      FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped) AS u
JOIN pg_catalog.pg_type AS d ON d.oid = u.atttypid
JOIN pg_catalog.pg_type AS t
  ON t.oid IN (d.oid, CASE WHEN d.typoutput = 'pg_catalog.array_out'::regproc THEN d.typelem END)
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
