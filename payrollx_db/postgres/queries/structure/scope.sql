-- The tables of these names, what inherits from them or is a partition, and the views over them; ``root`` is the one
-- of those names that each belongs to. ``listed`` are further names of tables, types and functions, as the records of
-- structures write them: they are looked at though nothing uses them any more.
WITH RECURSIVE names AS MATERIALIZED (
  -- Each listed name with the parts that an index finds it by; of a function, without what it takes.
  SELECT l.text, p.parts[1] AS schema, p.parts[2] AS name
  FROM pg_catalog.unnest(%(listed)s::text[]) AS l (text)
  CROSS JOIN LATERAL (SELECT pg_catalog.parse_ident(l.text, false) AS parts) AS p
  WHERE pg_catalog.cardinality(p.parts) > 1
), members AS (
  SELECT c.oid, pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS root
  FROM (SELECT t.schema, t.name
        FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS t (schema, name)
        UNION
        SELECT l.schema, l.name FROM names AS l WHERE l.text = pg_catalog.format('%%I.%%I', l.schema, l.name)) AS t
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't'
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
  SELECT DISTINCT ON (v.oid) v.oid, v.root, r.name, n.nspname AS schema, c.relkind
  FROM viewed AS v
  JOIN pg_catalog.pg_class AS c ON c.oid = v.oid AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name) AS r
  ORDER BY v.oid, r.name <> v.root, v.root
), used_types AS (
  -- What the columns are of, and what that is made of: elements, bases, attributes and subtypes.
  (SELECT DISTINCT s.root, a.atttypid AS oid
   FROM scope AS s JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE s.relkind IN ('r', 'p', 'f') AND a.atttypid >= 16384
   UNION
   SELECT '', t.oid
   FROM names AS l
   JOIN pg_catalog.pg_namespace AS n ON n.nspname = l.schema
   JOIN pg_catalog.pg_type AS t ON t.typnamespace = n.oid AND t.typname = l.name AND t.oid >= 16384
   WHERE l.text = pg_catalog.format('%%I.%%I', n.nspname, t.typname))
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
), whole AS MATERIALIZED (
  -- Publications of whole schemas; the catalog of these is newer than some servers, what depends on what isn't.
  SELECT p.refobjid AS publication, n.refobjid AS schema
  FROM pg_catalog.pg_depend AS p JOIN pg_catalog.pg_depend AS n ON (n.classid, n.objid) = (p.classid, p.objid)
  WHERE p.classid = pg_catalog.to_regclass('pg_catalog.pg_publication_namespace')
    AND p.refclassid = 'pg_catalog.pg_publication'::regclass AND n.refclassid = 'pg_catalog.pg_namespace'::regclass
)
