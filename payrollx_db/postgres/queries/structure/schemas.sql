-- The schemas that these tables and views lie in. Records that lack them are of a version that knew less of all else as well.
SELECT u.root, 'schema', n.name, '', n.properties
FROM (SELECT DISTINCT s.root, s.schema FROM scope AS s) AS u
JOIN (WITH once AS MATERIALIZED (
  -- A schema's record is written once, however many tables lie in it.
  SELECT n.nspname, pg_catalog.quote_ident(n.nspname) AS name,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
         'owner', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(n.nspowner)),
         'privileges', (SELECT pg_catalog.jsonb_agg(g.privilege ORDER BY g.privilege)
                        FROM (SELECT DISTINCT a.privilege_type || ' ON SCHEMA %%s TO '
                                     || CASE a.grantee WHEN 0 THEN 'PUBLIC'
                                        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END
                                     || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege
                              FROM pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) AS a
                              WHERE a.grantee <> n.nspowner) AS g),
         'owner lacks', CASE WHEN n.nspacl IS NOT NULL THEN (SELECT pg_catalog.jsonb_agg(l.privilege ORDER BY l.privilege)
                        FROM (SELECT a.privilege_type AS privilege
                              FROM pg_catalog.aclexplode(pg_catalog.acldefault('n', n.nspowner)) AS a WHERE a.grantee = n.nspowner
                              EXCEPT SELECT a.privilege_type FROM pg_catalog.aclexplode(n.nspacl) AS a WHERE a.grantee = n.nspowner) AS l) END,
         'default privileges', (SELECT pg_catalog.jsonb_agg(g.privilege ORDER BY g.privilege)
                        FROM (SELECT DISTINCT pg_catalog.format('FOR ROLE %%I IN SCHEMA %%I GRANT %%s ON %%s TO %%s%%s',
                                       pg_catalog.pg_get_userbyid(d.defaclrole), n.nspname, a.privilege_type,
                                       CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' ELSE 'TYPES' END,
                                       CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS privilege
                              FROM pg_catalog.pg_default_acl AS d CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS a
                              WHERE d.defaclnamespace = n.oid) AS g),
         'comment', pg_catalog.obj_description(n.oid, 'pg_namespace')
       )) AS properties
  FROM pg_catalog.pg_namespace AS n WHERE n.nspname IN (SELECT s.schema FROM scope AS s)
) SELECT * FROM once) AS n ON n.nspname = u.schema
