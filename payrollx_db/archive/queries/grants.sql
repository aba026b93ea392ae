-- What roles other than the owner may do in a schema: the schema itself, its relations and its types.
SELECT kind, name, pg_catalog.pg_get_userbyid(g.grantee)::text AS grantee,
       pg_catalog.array_agg(g.privilege_type ORDER BY g.privilege_type)
FROM (
  SELECT 'SCHEMA' AS kind, '' AS name, n.nspowner AS owner, n.nspacl AS acl
  FROM pg_catalog.pg_namespace AS n
  WHERE n.nspname = %(schema)s
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname::text, c.relowner, c.relacl
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'TYPE', t.typname::text, t.typowner, t.typacl
  FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  WHERE n.nspname = %(schema)s AND t.typtype IN ('e', 'd')
) AS objects
CROSS JOIN LATERAL pg_catalog.aclexplode(acl) AS g
WHERE g.grantee NOT IN (0, owner)
GROUP BY kind, name, g.grantee
ORDER BY kind, name, grantee
