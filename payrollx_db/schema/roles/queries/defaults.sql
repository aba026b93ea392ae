-- What objects of the future will be granted to others than who makes them: those of our owner anywhere, and
-- anybody's in our schemas. Without an entry of its own, what Postgres gives by itself.
SELECT made.creator, made.schema, made.things,
       CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(given.grantee)::text END AS grantee,
       given.privilege_type AS privilege
FROM (
  SELECT owner.rolname::text AS creator, NULL::text AS schema, owner.oid AS creator_oid, kinds.things,
         coalesce(d.defaclacl, acldefault(kinds.letter, owner.oid)) AS acl
  FROM pg_catalog.pg_roles AS owner
  CROSS JOIN (
    VALUES ('r'::"char", 'TABLES', 'r'::"char"), ('s', 'SEQUENCES', 'S'), ('T', 'TYPES', 'T'), ('f', 'FUNCTIONS', 'f')
  ) AS kinds (letter, things, stored)
  LEFT JOIN pg_catalog.pg_default_acl AS d
    ON d.defaclrole = owner.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = kinds.stored
  WHERE owner.rolname = %(owner)s
  UNION ALL
  SELECT pg_get_userbyid(d.defaclrole)::text, n.nspname::text, d.defaclrole,
         CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'T' THEN 'TYPES'
           ELSE 'FUNCTIONS' END,
         d.defaclacl
  FROM pg_catalog.pg_default_acl AS d
  JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace
  WHERE n.nspname = ANY (%(schemas)s)
) AS made, aclexplode(made.acl) AS given
WHERE given.grantee <> made.creator_oid
ORDER BY made.creator, made.schema NULLS FIRST, made.things, grantee, privilege
