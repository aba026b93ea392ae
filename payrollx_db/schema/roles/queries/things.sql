-- Everything that a privilege can be held on, outside the system's own schemas: who owns it, and what was granted
-- on it to whom. Types and routines only of our schemas: elsewhere everyone has them, and means to.
WITH spaces AS (
  SELECT oid, nspname, nspname = ANY (%(schemas)s) AS is_ours FROM pg_catalog.pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), things AS (
  SELECT 'database' AS kind, 'pg_database'::regclass AS class, oid, '' AS schema, datname::text AS name,
         '' AS arguments, datdba AS owner, coalesce(datacl, acldefault('d', datdba)) AS acl, '' AS sort,
         NULL::text[] AS settings, false AS definer
  FROM pg_catalog.pg_database WHERE datname = current_database()
  UNION ALL
  SELECT 'schema', 'pg_namespace'::regclass, n.oid, n.nspname::text, n.nspname::text, '', n.nspowner,
         coalesce(n.nspacl, acldefault('n', n.nspowner)), '', NULL, false
  FROM pg_catalog.pg_namespace AS n JOIN spaces ON spaces.oid = n.oid
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, 'pg_class'::regclass, c.oid,
         spaces.nspname::text, c.relname::text, '', c.relowner,
         coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)),
         c.relkind::text, c.reloptions, false
  FROM pg_catalog.pg_class AS c JOIN spaces ON spaces.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'type', 'pg_type'::regclass, t.oid, spaces.nspname::text, t.typname::text, '', t.typowner,
         coalesce(t.typacl, acldefault('T', t.typowner)), t.typtype::text, NULL, false
  FROM pg_catalog.pg_type AS t
  JOIN spaces ON spaces.oid = t.typnamespace AND spaces.is_ours
  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
  WHERE t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c'
  UNION ALL
  SELECT 'routine', 'pg_proc'::regclass, p.oid, spaces.nspname::text, p.proname::text,
         pg_get_function_identity_arguments(p.oid), p.proowner,
         coalesce(p.proacl, acldefault('f', p.proowner)),
         CASE WHEN p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) THEN 't' ELSE p.prokind::text END,
         p.proconfig, p.prosecdef
  FROM pg_catalog.pg_proc AS p JOIN spaces ON spaces.oid = p.pronamespace AND spaces.is_ours
)
SELECT kind, schema, name, arguments, pg_get_userbyid(owner)::text AS owner, sort, settings, definer,
  EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = things.class AND d.objid = things.oid
      AND (d.deptype = 'e' OR d.deptype = 'i' AND things.kind = 'routine')  -- or a range type's constructors
  ) AS of_extension,
  -- its owner is that of the table whose column it fills
  kind = 'sequence' AND EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = things.class AND d.objid = things.oid AND d.refclassid = 'pg_class'::regclass
      AND d.deptype IN ('a', 'i')
  ) AS of_table,
  -- an extension lies in it, and didn't make it
  kind = 'schema' AND EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extnamespace = things.oid) AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = things.class AND d.objid = things.oid AND d.deptype = 'e'
  ) AS for_extensions,
  (
    SELECT coalesce(jsonb_agg(jsonb_build_array(
      CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(given.grantee)::text END,
      given.privilege_type, given.attname, given.is_grantable
    ) ORDER BY given.grantee, given.attname, given.privilege_type), '[]')
    FROM (
      SELECT grantee, privilege_type, NULL::text AS attname, is_grantable FROM aclexplode(things.acl)
      UNION ALL
      SELECT explained.grantee, explained.privilege_type, a.attname::text, explained.is_grantable
      FROM pg_catalog.pg_attribute AS a, aclexplode(a.attacl) AS explained
      WHERE things.kind = 'table' AND a.attrelid = things.oid AND NOT a.attisdropped
    ) AS given
  ) AS acl,
  (
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(far.nspname, c.relname)), '[]')
    FROM (
      -- what a view reads with its owner's rights, and the tables that are read along with their parent
      SELECT d.refobjid AS oid
      FROM pg_catalog.pg_rewrite AS r
      JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      WHERE r.ev_class = things.oid AND d.refclassid = 'pg_class'::regclass AND NOT (
        r.ev_type = '1' AND EXISTS (  -- what it does beside SELECT, it does with its owner's rights all the same
          SELECT FROM pg_options_to_table(things.settings)
          WHERE option_name = 'security_invoker' AND option_value::boolean
        )
      )
      UNION ALL
      SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = things.oid
    ) AS reached
    JOIN pg_catalog.pg_class AS c ON c.oid = reached.oid
    JOIN spaces AS far ON far.oid = c.relnamespace AND far.is_ours AND far.nspname <> things.schema
    WHERE things.kind = 'table'
  ) AS reaches,
  -- its rules beside that of SELECT that do something with other services' tables
  ARRAY(
    SELECT DISTINCT r.rulename::text
    FROM pg_catalog.pg_rewrite AS r
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
    JOIN spaces AS far ON far.oid = c.relnamespace AND far.is_ours AND far.nspname <> things.schema
    WHERE things.kind = 'table' AND r.ev_class = things.oid AND r.ev_type <> '1'
    ORDER BY 1
  ) AS rules,
  -- of a table that may be a copy of one with secret columns
  CASE WHEN things.kind = 'table' AND things.schema = ANY (%(schemas)s) THEN (
    SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = things.oid AND a.attnum > 0 AND NOT a.attisdropped
    HAVING bool_or(a.attname = ANY (%(secrets)s))
  ) END AS columns
FROM things
ORDER BY kind, schema, name, arguments
