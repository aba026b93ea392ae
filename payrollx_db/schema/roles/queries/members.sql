-- Who is a member of our roles, and what our roles are members of. Since Postgres 16 a membership may be one
-- that only administers: then it neither inherits nor may become the role.
SELECT role.rolname::text AS role, member.rolname::text AS member, pg_get_userbyid(m.grantor)::text AS grantor,
       m.admin_option AS administers,
       coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
         OR coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) AS takes_part,
       pg_has_role(member.oid, role.oid, 'USAGE') AS inherits,
       member.rolcanlogin AS logs_in, member.rolsuper AS is_superuser, member.rolcreaterole AS makes_roles,
       CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %(owner)s) THEN
         pg_has_role(member.oid, %(owner)s, CASE
           WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER'
         END)
       ELSE false END AS becomes_owner,
       has_database_privilege(member.oid, current_database(), 'CONNECT') AS connects
FROM pg_catalog.pg_auth_members AS m
JOIN pg_catalog.pg_roles AS role ON role.oid = m.roleid
JOIN pg_catalog.pg_roles AS member ON member.oid = m.member
WHERE role.rolname = ANY (%(roles)s) OR member.rolname = ANY (%(roles)s)
ORDER BY role.rolname, member.rolname, grantor
