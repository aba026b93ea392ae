-- The indexes of a schema's tables, but not those of partitions, in what makes two of them the same.
SELECT c.relname::text,
       ic.relname::text,
       am.amname::text,
       i.indisunique,
       -- The definition from its method on: without names.
       pg_catalog.substr(d.text, pg_catalog.strpos(d.text, ' USING ') + 7),
       -- Each key column with its operator class, collation and order.
       (SELECT pg_catalog.array_agg(pg_catalog.concat_ws(' ', pg_catalog.pg_get_indexdef(i.indexrelid, k.place, false),
                                              i.indclass[k.place - 1], i.indcollation[k.place - 1], i.indoption[k.place - 1])
                                    ORDER BY k.place)
        FROM pg_catalog.generate_series(1, i.indnkeyatts::int) AS k (place)),
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum),
       i.indnatts::int - i.indnkeyatts::int,
       coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), ''),
       EXISTS (SELECT FROM pg_catalog.pg_constraint AS con WHERE con.conindid = i.indexrelid),
       i.indisreplident OR i.indisclustered,
       i.indisvalid
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am AS am ON am.oid = ic.relam
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_indexdef(i.indexrelid) AS text) AS d
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname, ic.relname
