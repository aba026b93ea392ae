-- Which of these tables have any page; others than those with files of their own are taken for filled.
SELECT t.oid::bigint
FROM pg_catalog.unnest({files}::oid[]) AS t (oid)
WHERE pg_catalog.pg_relation_size(t.oid::pg_catalog.regclass) IS DISTINCT FROM 0
UNION ALL
SELECT t.oid::bigint FROM pg_catalog.unnest({others}::oid[]) AS t (oid)
