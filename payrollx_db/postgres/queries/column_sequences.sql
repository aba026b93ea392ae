-- The sequences from which columns of these tables take their numbers, each with every column of the database that
-- takes numbers from it: because the column owns it (serial, identity), or because its default names it.
--
-- First those of these tables, by indexes; most have none, and then nothing else is looked at, however much there is.
WITH own_defaults AS MATERIALIZED (
  SELECT a.oid, a.adrelid, a.adnum, a.adbin FROM pg_catalog.pg_attrdef AS a WHERE a.adrelid = ANY (%(tables)s::oid[])
), any_own AS MATERIALIZED (
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = d.objid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ANY (%(tables)s::oid[])
      AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
  ) OR EXISTS (
    SELECT FROM own_defaults AS a
    WHERE pg_catalog.strpos(a.adbin::text, 'funcid ' || 'pg_catalog.nextval(regclass)'::regprocedure::oid || ' ') > 0
  ) OR EXISTS (
    SELECT FROM own_defaults AS a
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = a.oid
    JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  ) AS is_so
), named AS (  -- nextval('name'::text) is found by name at each call, so that nothing is recorded about it
  SELECT d.adrelid AS relation, d.adnum AS attnum, n.nspname, m.name[1] AS name
  FROM (SELECT a.* FROM pg_catalog.pg_attrdef AS a
        -- Only what calls nextval is written out, which takes a hundred times as long as to look for its number.
        WHERE (SELECT o.is_so FROM any_own AS o)
          AND pg_catalog.strpos(a.adbin::text, 'funcid ' || 'pg_catalog.nextval(regclass)'::regprocedure::oid || ' ') > 0
        OFFSET 0) AS d
  JOIN pg_catalog.pg_class AS c ON c.oid = d.adrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL pg_catalog.regexp_matches(
    pg_catalog.pg_get_expr(d.adbin, d.adrelid),
    $$nextval\(\('((?:"[^"']+"|[a-z_][a-z0-9_]*)(?:\.(?:"[^"']+"|[a-z_][a-z0-9_]*))?)'::text\)::regclass\)$$, 'g'
  ) AS m (name)
), uses AS (  -- from the sequences on, which are few, however much a database has that depends on something
  SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attnum
  FROM pg_catalog.pg_sequence AS s
  JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.seqrelid
  WHERE (SELECT o.is_so FROM any_own AS o) AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
  UNION
  SELECT d.refobjid, a.adrelid, a.adnum
  FROM pg_catalog.pg_sequence AS s
  JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = s.seqrelid
  JOIN pg_catalog.pg_attrdef AS a ON a.oid = d.objid
  WHERE (SELECT o.is_so FROM any_own AS o) AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
  UNION
  SELECT coalesce(
           pg_catalog.to_regclass(n.name),
           pg_catalog.to_regclass(pg_catalog.quote_ident(n.nspname) || '.' || n.name),
           pg_catalog.to_regclass('public.' || n.name)
         ), n.relation, n.attnum
  FROM named AS n
), chosen AS MATERIALIZED (  -- a step of its own: what is guessed of the whole query makes loops in loops of it
  SELECT u.sequence, u.relation, u.attnum
  FROM uses AS u
  WHERE u.sequence IN (SELECT k.sequence FROM uses AS k WHERE k.relation = ANY (%(tables)s::oid[]))
), relation AS MATERIALIZED (  -- the fewer joins at the end, the sooner it is planned, anew in each database
  SELECT c.oid, c.relname, c.relkind, c.relpersistence, n.nspname AS schema,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_be_used
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = ANY (ARRAY(SELECT u.sequence FROM chosen AS u UNION SELECT u.relation FROM chosen AS u))
), inherited AS MATERIALIZED (
  SELECT h.inhrelid AS relation, p.sequence, a.attname
  FROM pg_catalog.pg_inherits AS h
  JOIN chosen AS p ON p.relation = h.inhparent
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = p.relation AND a.attnum = p.attnum
)
SELECT q.oid::bigint,
       q.schema::text,
       q.relname::text,
       s.seqstart,
       s.seqincrement,
       s.seqmin,
       s.seqmax,
       s.seqcycle,
       q.may_be_used AND pg_catalog.has_sequence_privilege(q.oid, 'SELECT')
         AND NOT (q.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery()),
       q.may_be_used AND pg_catalog.has_sequence_privilege(q.oid, 'UPDATE'),
       c.oid::bigint,
       c.schema::text,
       c.relname::text,
       a.attname::text,
       t.typname::text,
       t.typcategory::text,
       -- Whether the number itself is the column's value, or what the default makes of it.
       coalesce(d.expression !~ 'nextval'
                OR d.expression ~ $re$^\(*nextval\(\(?'[^']+'(::text\))?::regclass\)\)*(::[a-z ]+(\([0-9,]+\))?\)*)*$$re$, true),
       c.may_be_used AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM chosen AS u
JOIN relation AS q ON q.oid = u.sequence AND q.relkind = 'S'
JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = q.oid
JOIN relation AS c ON c.oid = u.relation AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = u.relation AND a.attnum = u.attnum AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = (SELECT CASE o.typtype WHEN 'd' THEN o.typbasetype ELSE o.oid END
                                         FROM pg_catalog.pg_type AS o WHERE o.oid = a.atttypid)
LEFT JOIN LATERAL (
  SELECT pg_catalog.pg_get_expr(f.adbin, f.adrelid) AS expression
  FROM pg_catalog.pg_attrdef AS f
  WHERE f.adrelid = u.relation AND f.adnum = u.attnum
) AS d ON true
-- A partition, or a table that inherits, is read with its parent.
WHERE (u.relation, u.sequence, a.attname) NOT IN (SELECT i.relation, i.sequence, i.attname FROM inherited AS i)
ORDER BY 2, 3, 12, 13, 14
