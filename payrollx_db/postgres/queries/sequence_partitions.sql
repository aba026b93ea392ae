-- Whether there is a sequence at all; and where there is, the partitions of these tables at every level, each with its
-- table: one that was a table of its own before it was attached may still have a sequence of its own.
WITH RECURSIVE partition AS (
  SELECT h.inhrelid AS oid, h.inhparent AS root
  FROM pg_catalog.pg_inherits AS h
  JOIN pg_catalog.pg_class AS c ON c.oid = h.inhrelid AND c.relispartition
  WHERE h.inhparent = ANY (%(tables)s::oid[])
  UNION ALL
  SELECT h.inhrelid, p.root FROM partition AS p JOIN pg_catalog.pg_inherits AS h ON h.inhparent = p.oid
)
SELECT s.any_at_all, p.oid::bigint, p.root::bigint
FROM (SELECT EXISTS (SELECT FROM pg_catalog.pg_sequence) AS any_at_all) AS s
LEFT JOIN partition AS p ON s.any_at_all
