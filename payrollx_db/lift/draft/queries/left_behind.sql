-- What a draft leaves behind, a phrase each: where things lie, and what is granted to roles (``role``, empty where it is
-- to everybody, or no grant at all). Migrations put tables where the database lies, and grant what the catalog says.
WITH relations AS (
    SELECT pg_class.*, nspname, pg_catalog.format('%%I.%%I', nspname, relname) AS place
    FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY (%(schemas)s)
), granted AS (
    SELECT nspname, place, relowner AS owner, relacl AS acl
    FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT nspname, pg_catalog.format('schema %%I', nspname), nspowner, nspacl
    FROM pg_catalog.pg_namespace WHERE nspname = ANY (%(schemas)s)
    UNION ALL
    SELECT nspname, pg_catalog.format('%%s of %%s', pg_catalog.quote_ident(attname), place), relowner, attacl
    FROM relations JOIN pg_catalog.pg_attribute ON attrelid = relations.oid
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT nspname, pg_proc.oid::regprocedure::text, proowner, proacl
    FROM pg_catalog.pg_proc JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname = ANY (%(schemas)s)
    UNION ALL
    SELECT nspname, CASE defaclobjtype WHEN 'r' THEN 'new tables' WHEN 'S' THEN 'new sequences'
        WHEN 'f' THEN 'new routines' ELSE 'new types' END, defaclrole, defaclacl
    FROM pg_catalog.pg_default_acl JOIN pg_catalog.pg_namespace ON pg_namespace.oid = defaclnamespace
    WHERE nspname = ANY (%(schemas)s)
)
SELECT nspname::text AS schema, pg_catalog.format('tablespace %%I of %%s', spcname, place) AS phrase, '' AS role
FROM relations JOIN pg_catalog.pg_tablespace ON pg_tablespace.oid = reltablespace
WHERE relkind IN ('r', 'p', 'i', 'I', 'm')
UNION ALL
SELECT nspname::text,
       pg_catalog.format('%%s on %%s to %%s',
                         pg_catalog.string_agg(privilege_type, ', ' ORDER BY privilege_type), place,
                         CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(rolname) END),
       coalesce(rolname::text, '')
FROM granted
CROSS JOIN LATERAL pg_catalog.aclexplode(acl) AS item
LEFT JOIN pg_catalog.pg_roles ON pg_roles.oid = grantee
-- What everybody may do with a routine, unless somebody says otherwise, is so after a migration too.
WHERE grantee <> owner AND NOT (grantee = 0 AND privilege_type = 'EXECUTE')
GROUP BY nspname, place, grantee, rolname
ORDER BY 1, 2
