-- The tables that inherit from these, at any depth, but for partitions.
WITH RECURSIVE heirs AS (
  SELECT c.oid AS heir, c.oid AS parent
  FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS t (schema, name)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name AND c.relkind = 'r'
  UNION
  SELECT i.inhrelid, h.parent
  FROM heirs AS h JOIN pg_catalog.pg_inherits AS i ON i.inhparent = h.heir
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND NOT c.relispartition
)
SELECT DISTINCT ON (h.heir) hn.nspname::text, hc.relname::text, pn.nspname::text, pc.relname::text
FROM heirs AS h
JOIN pg_catalog.pg_class AS hc ON hc.oid = h.heir JOIN pg_catalog.pg_namespace AS hn ON hn.oid = hc.relnamespace
JOIN pg_catalog.pg_class AS pc ON pc.oid = h.parent JOIN pg_catalog.pg_namespace AS pn ON pn.oid = pc.relnamespace
WHERE h.heir <> h.parent
ORDER BY h.heir, pn.nspname, pc.relname
