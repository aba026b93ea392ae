-- The tables of these schemas: about how many rows, and how big with their indexes and what is kept out of line.
SELECT n.nspname::text AS schema,
       c.relname::text AS name,
       CASE WHEN s.n_live_tup > 0 THEN s.n_live_tup ELSE greatest(c.reltuples, 0)::bigint END AS rows,
       pg_catalog.pg_total_relation_size(c.oid) AS bytes,
       pg_catalog.pg_indexes_size(c.oid) AS index_bytes,
       coalesce(s.n_dead_tup, 0) AS dead_rows
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p')
ORDER BY 1, 2
