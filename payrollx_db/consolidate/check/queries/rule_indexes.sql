-- The indexes of these tables and, where they are partitioned, those of a partition's own: element by element, so that
-- each can be computed for a row that isn't there yet.
WITH members AS MATERIALIZED (
  SELECT t.oid AS root, t.oid AS relid
  FROM pg_catalog.unnest(%(tables)s::oid[]) AS t (oid)
  UNION ALL
  SELECT c.oid, p.relid
  FROM pg_catalog.pg_class AS c CROSS JOIN LATERAL pg_catalog.pg_partition_tree(c.oid) AS p
  WHERE c.oid = ANY (%(tables)s::oid[]) AND c.relkind = 'p' AND p.relid <> c.oid
), own AS MATERIALIZED (
  -- Few operator classes, if any.
  SELECT o.oid AS class, f.oid::bigint AS function
  FROM pg_catalog.pg_language AS l
  JOIN pg_catalog.pg_proc AS f ON f.prolang = l.oid
  JOIN pg_catalog.pg_amproc AS p ON p.amproc = f.oid
  JOIN pg_catalog.pg_opclass AS o ON o.opcfamily = p.amprocfamily AND o.opcintype = p.amproclefttype
  WHERE l.lanname NOT IN ('internal', 'c')
)
SELECT m.root::bigint AS table,
       ic.relname::text AS name,
       am.amname::text AS method,
       i.indisunique AS unique,
       -- Servers before 15 have no such column.
       i.indisunique AND coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_equal,
       i.indpred IS NULL AND i.indexprs IS NULL AS plain,
       i.indnkeyatts::int AS keys,
       ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, e.number, false)
             FROM pg_catalog.generate_series(1, i.indnatts::int) AS e (number)
             ORDER BY e.number) AS elements,
       ARRAY(SELECT CASE WHEN l.oid IS NOT NULL THEN pg_catalog.format('%%I.%%I', n.nspname, l.collname) END
             FROM pg_catalog.unnest(i.indcollation::oid[]) WITH ORDINALITY AS x (oid, number)
             LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = x.oid
             LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
             ORDER BY x.number) AS collations,
       coalesce((SELECT bool_and(l.collisdeterministic)
        FROM pg_catalog.unnest(i.indcollation::oid[]) AS x (oid)
        JOIN pg_catalog.pg_collation AS l ON l.oid = x.oid), true) AS deterministic,
       ARRAY(SELECT pg_catalog.format('%%I.%%I', n.nspname, o.opcname)
             FROM pg_catalog.unnest(i.indclass::oid[]) WITH ORDINALITY AS x (oid, number)
             JOIN pg_catalog.pg_opclass AS o ON o.oid = x.oid
             JOIN pg_catalog.pg_namespace AS n ON n.oid = o.opcnamespace
             ORDER BY x.number) AS classes,
       (SELECT bool_and(o.opcdefault)
        FROM pg_catalog.unnest(i.indclass::oid[]) AS x (oid)
        JOIN pg_catalog.pg_opclass AS o ON o.oid = x.oid) AS usual,
       pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
       concat(i.indexprs::text, ' ', i.indpred::text) AS tree,
       ARRAY(SELECT DISTINCT a.attname::text
             FROM (VALUES ('pg_catalog.pg_class'::regclass, i.indexrelid),
                          ('pg_catalog.pg_constraint'::regclass, k.oid)) AS own (class, oid)
             JOIN pg_catalog.pg_depend AS d ON d.classid = own.class AND d.objid = own.oid
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
             ORDER BY 1) AS columns,
       ARRAY(SELECT pg_catalog.format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
             FROM pg_catalog.unnest(k.conexclop) WITH ORDINALITY AS x (oid, number)
             JOIN pg_catalog.pg_operator AS o ON o.oid = x.oid
             JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
             ORDER BY x.number) AS operators,
       CASE WHEN m.relid <> m.root THEN pg_catalog.format('%%I.%%I', cn.nspname, c.relname) END AS partition,
       CASE WHEN m.relid <> m.root THEN pg_catalog.pg_get_partition_constraintdef(m.relid) END AS bounds,
       -- Included columns that no key, no expression and no predicate reads.
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS x (number, place)
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = x.number
             WHERE x.place > i.indnkeyatts
               AND NOT x.number = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
               AND concat(i.indexprs::text, i.indpred::text) !~ pg_catalog.format(':varattno (0|%%s) ', x.number)
            ) AS beside,
       -- Functions in SQL and the like by which its operator classes compare.
       ARRAY(SELECT DISTINCT o.function FROM own AS o WHERE o.class = ANY (i.indclass::oid[]) ORDER BY 1) AS comparing
FROM members AS m
JOIN pg_catalog.pg_class AS c ON c.oid = m.relid
JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
JOIN pg_catalog.pg_index AS i ON i.indrelid = m.relid
JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_am AS am ON am.oid = ic.relam
LEFT JOIN pg_catalog.pg_constraint AS k
  ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
WHERE m.relid = m.root OR NOT ic.relispartition
ORDER BY 1, 17 NULLS FIRST, 2
