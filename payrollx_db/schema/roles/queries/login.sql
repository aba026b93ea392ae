-- Whether a role has powers of its own, and what it is a member of.
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR NOT rolcanlogin AS is_more,
       ARRAY(
         SELECT role.rolname::text
         FROM pg_catalog.pg_auth_members AS m
         JOIN pg_catalog.pg_roles AS role ON role.oid = m.roleid
         WHERE m.member = pg_roles.oid
         ORDER BY role.rolname
       ) AS roles
FROM pg_catalog.pg_roles
WHERE rolname = %(login)s
