-- The declared types of these tables' columns, each with its modifier, and all that they are made of.
--
-- What few types have is asked for each by itself: ten joins take longer to plan than all else here takes to run.
WITH RECURSIVE used (oid, typmod) AS (
  SELECT a.atttypid, a.atttypmod
  FROM pg_catalog.pg_attribute AS a
  WHERE a.attrelid = ANY (%(tables)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT part.oid, part.typmod
  FROM used AS u
  JOIN pg_catalog.pg_type AS t ON t.oid = u.oid
  CROSS JOIN LATERAL (
    SELECT t.typbasetype, t.typtypmod WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem, u.typmod WHERE t.typoutput = 'pg_catalog.array_out'::regproc
    UNION ALL SELECT r.rngsubtype, -1 FROM pg_catalog.pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT m.atttypid, m.atttypmod FROM pg_catalog.pg_attribute AS m
              WHERE t.typtype = 'c' AND m.attrelid = t.typrelid AND m.attnum > 0 AND NOT m.attisdropped
  ) AS part (oid, typmod)
)
SELECT u.oid::bigint,
       u.typmod,
       pg_catalog.format_type(u.oid, u.typmod),
       n.nspname::text,
       t.typname::text,
       t.typtype::text,
       t.typbasetype::bigint,
       t.typtypmod,
       CASE WHEN t.typoutput = 'pg_catalog.array_out'::regproc THEN t.typelem
            ELSE (SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE t.oid IN (r.rngtypid, r.rngmultitypid))
       END::bigint,
       t.typnotnull,
       t.typsend <> 0::regproc AND t.typreceive <> 0::regproc,
       coalesce((SELECT e.extname
                 FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
                 WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.objsubid = 0
                   AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'), '')::text,
       (SELECT pg_catalog.array_agg(l.enumlabel::text ORDER BY l.enumsortorder)
        FROM pg_catalog.pg_enum AS l WHERE l.enumtypid = t.oid),
       (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(m.attname, m.atttypid::bigint, m.atttypmod)
                                    ORDER BY m.attnum)
        FROM pg_catalog.pg_attribute AS m
        WHERE t.typtype = 'c' AND m.attrelid = t.typrelid AND m.attnum > 0 AND NOT m.attisdropped),
       (SELECT pg_catalog.array_agg(pg_catalog.pg_get_expr(c.conbin, 0) ORDER BY c.conname)
        FROM pg_catalog.pg_constraint AS c
        WHERE c.contypid = t.oid AND c.contype = 'c'),
       -- How a range orders and closes its bounds: what makes two of one subtype differ.
       coalesce((SELECT pg_catalog.concat_ws(' ', o.opcname, l.collname, p.proname)
                 FROM pg_catalog.pg_range AS r
                 LEFT JOIN pg_catalog.pg_opclass AS o ON o.oid = r.rngsubopc
                 LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = r.rngcollation
                 LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = r.rngcanonical
                 WHERE t.oid IN (r.rngtypid, r.rngmultitypid)), '')
FROM used AS u
JOIN pg_catalog.pg_type AS t ON t.oid = u.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
