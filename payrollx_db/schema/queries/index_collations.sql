-- The collation of each key of the indexes of some schemas, and whether it is the column's own; of an expression nobody
-- knows here what its own would be. Where a key has no collation there is no row.
SELECT n.nspname::text AS schema,
       c.relname::text AS name,
       key.place,
       l.collname::text AS collation,
       coalesce(a.attcollation = l.oid, false) AS own,
       x.indkey[key.place] = 0 AS expression
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL pg_catalog.generate_series(0, x.indnkeyatts - 1) AS key (place)
JOIN pg_catalog.pg_collation AS l ON l.oid = x.indcollation[key.place]
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[key.place]
WHERE n.nspname = ANY (:schemas)
