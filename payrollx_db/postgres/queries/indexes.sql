-- The indexes of these tables, with the constraint that each one carries, if it does.
SELECT i.indrelid::bigint,
       ic.relname::text,
       pg_catalog.pg_get_indexdef(i.indexrelid),
       i.indisunique,
       i.indisprimary,
       i.indisvalid,
       i.indpred IS NULL AND i.indexprs IS NULL,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place <= i.indnkeyatts),
       con.conname::text,
       coalesce(con.contype, '')::text,
       pg_catalog.pg_get_constraintdef(con.oid),
       i.indisreplident OR i.indisclustered
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint AS con
  ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.conrelid = ANY (%(tables)s::oid[])
  AND con.contype IN ('p', 'u', 'x')
WHERE i.indrelid = ANY (%(tables)s::oid[])
ORDER BY i.indrelid, i.indisprimary DESC, ic.relname
