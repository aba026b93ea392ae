-- The tables of these names, what inherits from them or is a partition, and the views over them; ``root`` is the one
-- of those names that each belongs to. ``listed`` are further names of tables, types and functions, as the records of
-- structures write them: they are looked at though nothing uses them any more.
WITH RECURSIVE relations AS MATERIALIZED (
  SELECT c.oid, c.relkind, pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name, n.nspname, c.relname
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't'
), members AS (
  SELECT r.oid, r.name AS root
  FROM relations AS r
  WHERE r.relkind <> 'S'
    AND ((r.nspname, r.relname) IN (SELECT t.schema, t.name
                                    FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS t (schema, name))
         OR r.name = ANY (%(listed)s::text[]))
  UNION
  SELECT i.inhrelid, m.root
  FROM members AS m JOIN pg_catalog.pg_inherits AS i ON i.inhparent = m.oid
), viewed AS (
  SELECT m.oid, m.root FROM members AS m
  UNION
  SELECT c.oid, v.root
  FROM viewed AS v
  JOIN pg_catalog.pg_depend AS d ON d.refobjid = v.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
                                AND d.classid = 'pg_catalog.pg_rewrite'::regclass
  JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid
  JOIN pg_catalog.pg_class AS c ON c.oid = w.ev_class AND c.relkind IN ('v', 'm')
), scope AS MATERIALIZED (
  SELECT DISTINCT ON (v.oid) v.oid, v.root, r.name, r.relkind
  FROM viewed AS v JOIN relations AS r ON r.oid = v.oid
  ORDER BY v.oid, r.name <> v.root, v.root
), used_types AS (
  -- What the columns are of, and what that is made of: elements, bases, attributes and subtypes.
  (SELECT DISTINCT s.root, a.atttypid AS oid
   FROM scope AS s JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE s.relkind IN ('r', 'p', 'f') AND a.atttypid >= 16384
   UNION
   SELECT '', t.oid
   FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
   WHERE t.oid >= 16384 AND pg_catalog.format('%%I.%%I', n.nspname, t.typname) = ANY (%(listed)s::text[]))
  UNION
  SELECT u.root, p.oid
  FROM used_types AS u
  JOIN pg_catalog.pg_type AS t ON t.oid = u.oid
  CROSS JOIN LATERAL (
    SELECT t.typelem UNION ALL SELECT t.typbasetype
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid
    UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range AS r WHERE r.rngmultitypid = t.oid
  ) AS p (oid)
  WHERE p.oid >= 16384
)
