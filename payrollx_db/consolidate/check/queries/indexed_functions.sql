-- The functions, beyond the server's own, that indexes of these tables or their partitions call: the server computes
-- them anew as it plans any statement about the table.
WITH members AS (
  SELECT t.oid AS root, coalesce(p.relid::oid, t.oid) AS relid
  FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p ON true
)
SELECT DISTINCT m.root::bigint, p.oid::regprocedure::text, n.nspname::text
FROM members AS m
JOIN pg_catalog.pg_index AS i ON i.indrelid = m.relid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
JOIN pg_catalog.pg_depend AS d
  ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid
 AND d.refclassid = 'pg_catalog.pg_proc'::regclass
JOIN pg_catalog.pg_proc AS p ON p.oid = d.refobjid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS s (setting)
                  WHERE pg_catalog.starts_with(s.setting, 'search_path='))
ORDER BY 1, 2
