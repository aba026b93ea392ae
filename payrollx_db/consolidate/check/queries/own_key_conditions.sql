-- For each of some foreign keys, given by their tables' oids and their names: the tables and the condition by which those
-- of its rows are found that have no parent, by the operators of the key itself. None where a collation finds texts equal
-- that aren't written alike.
--
-- In steps, and with names asked for one by one: a dozen joins in one take longer to plan than all of it to run.
WITH key AS MATERIALIZED (
  SELECT k.oid, k.conrelid, k.confrelid, k.conname, k.conkey, k.confkey, k.conpfeqop,
         pg_catalog.format('%%s%%I.%%I', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END,
                           (SELECT n.nspname FROM pg_catalog.pg_namespace AS n WHERE n.oid = c.relnamespace), c.relname)
           AS child,
         pg_catalog.format('%%s%%I.%%I', CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END,
                           (SELECT n.nspname FROM pg_catalog.pg_namespace AS n WHERE n.oid = p.relnamespace), p.relname)
           AS parent
  FROM ROWS FROM (pg_catalog.unnest(%s::oid[]), pg_catalog.unnest(%s::text[])) AS x (child, name)
  JOIN pg_catalog.pg_constraint AS k ON k.conrelid = x.child AND k.conname = x.name AND k.contype = 'f'
  JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_class AS p ON p.oid = k.confrelid
), pair AS MATERIALIZED (
  SELECT k.oid, ca.attname AS here, pa.attname AS there,
         (SELECT pg_catalog.format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
          FROM pg_catalog.pg_operator AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
          WHERE o.oid = u.operator) AS operator,
         (SELECT pg_catalog.format(' COLLATE %%I.%%I', n.nspname, l.collname)
          FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
          WHERE l.oid = pa.attcollation AND pa.attcollation <> ca.attcollation) AS collation,
         coalesce((SELECT l.collisdeterministic FROM pg_catalog.pg_collation AS l WHERE l.oid = pa.attcollation), true)
           AS exact
  FROM key AS k
  CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)
  ) AS u (here, there, operator)
  JOIN pg_catalog.pg_attribute AS ca ON ca.attrelid = k.conrelid AND ca.attnum = u.here
  JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = u.there
)
SELECT k.conrelid AS child, k.conname AS name,
       pg_catalog.format(
         '%%s AS c WHERE %%s AND NOT EXISTS (SELECT FROM %%s AS p WHERE %%s)',
         k.child,
         pg_catalog.string_agg(pg_catalog.format('c.%%I IS NOT NULL', p.here), ' AND '),
         k.parent,
         pg_catalog.string_agg(pg_catalog.format('p.%%I %%s c.%%I%%s', p.there, p.operator, p.here, p.collation), ' AND ')
       ) AS strays
FROM key AS k
JOIN pair AS p ON p.oid = k.oid
GROUP BY k.oid, k.conrelid, k.conname, k.child, k.parent
HAVING pg_catalog.bool_and(p.exact)
