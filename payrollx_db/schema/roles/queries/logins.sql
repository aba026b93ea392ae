-- The logins that may take part in one of our services' roles, without superusers, who may in everything.
SELECT rolname::text
FROM pg_catalog.pg_roles AS login
WHERE rolcanlogin AND NOT rolsuper AND EXISTS (
    SELECT FROM pg_catalog.pg_roles AS ours
    WHERE ours.rolname = ANY (%(users)s) AND pg_has_role(login.oid, ours.oid, 'MEMBER')
)
ORDER BY rolname
