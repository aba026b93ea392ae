-- Referring columns that no usable index begins with: those of foreign keys, and the loose ones that are given.
-- An index serves where its first columns are these, in whatever order, and it covers every row
-- that refers: one of WHERE column IS NOT NULL does. Columns that several keys are of are listed once.
WITH every AS (
    SELECT k.conrelid AS relid, k.conkey::smallint[] AS columns, k.conname::text AS key
    FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_namespace AS n ON n.oid = k.connamespace
    WHERE k.contype = 'f' AND n.nspname = ANY (%(schemas)s)
      AND k.conparentid = 0  -- what a partition has of its whole table, an index of the whole serves
    UNION ALL
    SELECT c.oid, named.columns, NULL
    FROM pg_catalog.jsonb_to_recordset(%(loose)s::jsonb) AS l (schema text, relation text, columns text[])
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = l.relation
    CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(a.attnum ORDER BY p.position) AS columns
        FROM unnest(l.columns) WITH ORDINALITY AS p (name, position)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = p.name AND NOT a.attisdropped
    ) AS named
    WHERE pg_catalog.cardinality(named.columns) = pg_catalog.cardinality(l.columns)
), referring AS (
    SELECT e.relid, min(e.columns) AS columns, pg_catalog.array_agg(e.key ORDER BY e.key) FILTER (WHERE e.key <> '') AS keys
    FROM every AS e
    GROUP BY e.relid, (SELECT pg_catalog.array_agg(c.number ORDER BY c.number) FROM unnest(e.columns) AS c (number))
)
SELECT n.nspname::text AS schema,
       c.relname::text AS table,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY p.position)
        FROM unnest(r.columns) WITH ORDINALITY AS p (number, position)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.relid AND a.attnum = p.number) AS columns,
       r.keys,
       c.relkind = 'p' AS partitioned
FROM referring AS r
JOIN pg_catalog.pg_class AS c ON c.oid = r.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT EXISTS (
    SELECT
    FROM pg_catalog.pg_index AS x
    WHERE x.indrelid = r.relid
      AND x.indisvalid
      AND (x.indpred IS NULL OR pg_catalog.cardinality(r.columns) = 1 AND pg_catalog.pg_get_expr(x.indpred, r.relid) = (
          SELECT pg_catalog.format('(%%I IS NOT NULL)', a.attname)
          FROM pg_catalog.pg_attribute AS a
          WHERE a.attrelid = r.relid AND a.attnum = r.columns[1]
      ))
      AND x.indnkeyatts >= pg_catalog.cardinality(r.columns)
      -- int2vector counts from 0
      AND (x.indkey::smallint[])[0:pg_catalog.cardinality(r.columns) - 1] @> r.columns
)
ORDER BY 1, 2, 3
