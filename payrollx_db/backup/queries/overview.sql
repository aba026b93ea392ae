-- What the schemas hold: tables, about how many rows, and bytes with indexes and TOAST.
SELECT n.nspname::text,
       pg_catalog.count(c.oid),
       coalesce(pg_catalog.sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relkind = 'r'), 0)::bigint,
       coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint,
       coalesce(pg_catalog.bool_or(c.reltuples < 0), false)
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
WHERE n.nspname = ANY (%(schemas)s)
GROUP BY n.nspname
