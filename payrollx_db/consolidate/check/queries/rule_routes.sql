-- The columns by which rows of these tables find their partition, at any level; and expressions of statistics objects,
-- which ANALYZE computes.
SELECT t.oid::bigint AS table, 'partition' AS kind, '' AS name, '' AS expression,
       coalesce(string_agg(DISTINCT k.partexprs::text, ' '), '') AS tree,
       pg_catalog.array_agg(DISTINCT a.attname::text) AS columns
FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(t.oid::regclass) AS p
JOIN pg_catalog.pg_partitioned_table AS k ON k.partrelid = p.relid
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = p.relid AND a.attnum > 0 AND NOT a.attisdropped
WHERE a.attnum = ANY (k.partattrs::int2[])
   OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d
              WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = p.relid AND d.objsubid = a.attnum
                AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = p.relid
                AND d.refobjsubid = 0 AND d.deptype = 'i')
GROUP BY t.oid
UNION ALL
SELECT x.stxrelid::bigint, 'statistics', x.stxname::text, e.expression, x.stxexprs::text,
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.pg_depend AS d
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE d.classid = 'pg_catalog.pg_statistic_ext'::regclass AND d.objid = x.oid
               AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = x.stxrelid)
FROM pg_catalog.pg_statistic_ext AS x
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_get_statisticsobjdef_expressions(x.oid)) AS e (expression)
WHERE x.stxrelid = ANY (%(tables)s::oid[]) AND x.stxexprs IS NOT NULL
ORDER BY 1, 2, 3
