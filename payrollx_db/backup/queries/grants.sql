-- What roles other than the owner may do in a schema: the schema itself, its relations and their columns, types, routines.
SELECT kind,
       name,
       CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(g.grantee)::text END AS grantee,
       pg_catalog.array_agg(g.privilege_type || columns ORDER BY g.privilege_type || columns)
FROM (
  SELECT 'SCHEMA' AS kind, '' AS name, '' AS columns, n.nspowner AS owner,
         coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) AS acl
  FROM pg_catalog.pg_namespace AS n
  WHERE n.nspname = %(schema)s
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname::text, '', c.relowner,
         coalesce(c.relacl, pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'TABLE', c.relname::text, ' (' || pg_catalog.quote_ident(a.attname) || ')', c.relowner, a.attacl
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = %(schema)s AND a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT 'TYPE', t.typname::text, '', t.typowner, coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner))
  FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  WHERE n.nspname = %(schema)s AND t.typtype IN ('e', 'd')
  UNION ALL
  SELECT 'ROUTINE', pg_catalog.quote_ident(p.proname) || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
         '', p.proowner, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
  FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  WHERE n.nspname = %(schema)s
) AS objects
CROSS JOIN LATERAL pg_catalog.aclexplode(acl) AS g
WHERE g.grantee <> owner
GROUP BY kind, name, g.grantee
ORDER BY kind, name, grantee
