-- The foreign keys of which an end is a single partition of one of these tables, with what holds for the rows of that
-- partition. Both ends are also named by the table that holds all of the partitions.
WITH keys AS (
  SELECT con.*,
         coalesce(pg_catalog.pg_partition_root(con.conrelid), con.conrelid) AS child_root,
         coalesce(pg_catalog.pg_partition_root(con.confrelid), con.confrelid) AS parent_root
  FROM pg_catalog.pg_constraint AS con
  JOIN pg_catalog.pg_class AS child ON child.oid = con.conrelid
  JOIN pg_catalog.pg_class AS parent ON parent.oid = con.confrelid
  WHERE con.contype = 'f' AND con.conparentid = 0 AND con.convalidated
    AND (child.relispartition OR parent.relispartition)
)
SELECT k.child_root::bigint AS table,
       crn.nspname::text || '.' || cr.relname::text AS child_root,
       pg_catalog.pg_get_partition_constraintdef(k.conrelid) AS child_bounds,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY x.place)
        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS x (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = x.attnum) AS columns,
       prn.nspname::text || '.' || pr.relname::text AS parent_root,
       pn.nspname::text || '.' || p.relname::text AS parent,
       pg_catalog.pg_get_partition_constraintdef(k.confrelid) AS parent_bounds,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY x.place)
        FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS x (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = x.attnum) AS parent_columns,
       k.confmatchtype = 'f' AS matches_full,
       -- Temporal keys came with 18.
       coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::boolean, false) AS temporal
FROM keys AS k
JOIN pg_catalog.pg_class AS cr ON cr.oid = k.child_root
JOIN pg_catalog.pg_namespace AS crn ON crn.oid = cr.relnamespace
JOIN pg_catalog.pg_class AS p ON p.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_class AS pr ON pr.oid = k.parent_root
JOIN pg_catalog.pg_namespace AS prn ON prn.oid = pr.relnamespace
WHERE k.child_root = ANY ($1::oid[])
ORDER BY 2, k.conname
