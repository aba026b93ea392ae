-- The foreign keys that leave these tables or arrive at them. What a key refers to, no index of pg_constraint finds; that
-- it depends on it, one of pg_depend does.
WITH chosen AS MATERIALIZED (
  SELECT k.oid FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = ANY (%(tables)s::oid[]) AND k.contype = 'f'
  UNION
  SELECT d.objid
  FROM pg_catalog.pg_depend AS d
  WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid = ANY (%(tables)s::oid[]) AND d.deptype = 'n'
)
SELECT con.conrelid::bigint,
       sn.nspname::text,
       sc.relname::text,
       con.conname::text,
       pg_catalog.pg_get_constraintdef(con.oid),
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(con.conkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = k.attnum),
       tn.nspname::text,
       tc.relname::text,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(con.confkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.confrelid AND a.attnum = k.attnum),
       con.convalidated,
       -- Temporal keys came with 18.
       coalesce((pg_catalog.to_jsonb(con) ->> 'conperiod')::boolean, false)
FROM chosen AS o
JOIN pg_catalog.pg_constraint AS con ON con.oid = o.oid
JOIN pg_catalog.pg_class AS sc ON sc.oid = con.conrelid
JOIN pg_catalog.pg_namespace AS sn ON sn.oid = sc.relnamespace
JOIN pg_catalog.pg_class AS tc ON tc.oid = con.confrelid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = tc.relnamespace
WHERE con.contype = 'f'
  AND con.conparentid = 0
  AND (con.conrelid = ANY (%(tables)s::oid[]) OR con.confrelid = ANY (%(tables)s::oid[]))
ORDER BY sn.nspname, sc.relname, con.conname
