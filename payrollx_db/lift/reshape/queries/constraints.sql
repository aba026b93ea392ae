-- The constraints of the tables of a schema that are its own, not a parent's, with both ends' columns.
SELECT n.nspname::text,
       c.relname::text,
       con.conname::text,
       con.contype::text,
       pg_catalog.pg_get_constraintdef(con.oid),
       coalesce((SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(con.conkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = k.attnum), '{}'),
       tn.nspname::text,
       t.relname::text,
       coalesce((SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.place)
        FROM pg_catalog.unnest(con.confkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.confrelid AND a.attnum = k.attnum), '{}')
FROM pg_catalog.pg_constraint AS con
JOIN pg_catalog.pg_class AS c ON c.oid = con.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = con.confrelid
LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
WHERE (n.nspname = %(schema)s OR tn.nspname = %(schema)s)
  AND (con.contype <> 'f' OR n.nspname = %(schema)s OR %(reached)s)
  AND (n.nspname = %(schema)s OR con.contype = 'f')
  AND con.contype IN ('p', 'u', 'x', 'c', 'f')
  AND con.conparentid = 0 AND con.conislocal
  AND NOT c.relispartition
ORDER BY c.relname, con.conname
