-- For each of some foreign keys, given by their tables' oids and their names: the tables and the condition by which those
-- of its rows are found that have no parent, by the operators of the key itself. None where a collation finds texts equal
-- that aren't written alike.
SELECT k.conrelid AS child, k.conname AS name,
       pg_catalog.format(
         '%%s AS c WHERE %%s AND NOT EXISTS (SELECT FROM %%s AS p WHERE %%s)',
         pg_catalog.format('%%s%%I.%%I', CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, cn.nspname, c.relname),
         pg_catalog.string_agg(pg_catalog.format('c.%%I IS NOT NULL', ca.attname), ' AND '),
         pg_catalog.format('%%s%%I.%%I', CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, pn.nspname, p.relname),
         pg_catalog.string_agg(
           pg_catalog.format(
             'p.%%I OPERATOR(%%I.%%s) c.%%I%%s', pa.attname, n.nspname, o.oprname, ca.attname,
             CASE WHEN l.oid IS NOT NULL THEN pg_catalog.format(' COLLATE %%I.%%I', ln.nspname, l.collname) ELSE '' END
           ),
           ' AND '
         )
       ) AS strays
FROM ROWS FROM (pg_catalog.unnest(%s::oid[]), pg_catalog.unnest(%s::text[])) AS x (child, name)
JOIN pg_catalog.pg_constraint AS k ON k.conrelid = x.child AND k.conname = x.name AND k.contype = 'f'
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
JOIN pg_catalog.pg_class AS p ON p.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
CROSS JOIN LATERAL ROWS FROM (
  pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)
) AS u (here, there, operator)
JOIN pg_catalog.pg_attribute AS ca ON ca.attrelid = k.conrelid AND ca.attnum = u.here
JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = u.there
JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator
JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
LEFT JOIN pg_catalog.pg_collation AS pl ON pl.oid = pa.attcollation
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = pa.attcollation AND pa.attcollation <> ca.attcollation
LEFT JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
GROUP BY k.oid, k.conrelid, k.conname, c.relkind, cn.nspname, c.relname, p.relkind, pn.nspname, p.relname
HAVING pg_catalog.bool_and(coalesce(pl.collisdeterministic, true))
