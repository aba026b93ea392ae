-- Become the owner role for this transaction, where one may: the record of migrations is closed to others.
SELECT pg_catalog.set_config('role', r.rolname, true)
FROM pg_catalog.pg_roles AS r
WHERE r.rolname = %(owner)s
  AND pg_catalog.pg_has_role(r.oid, CASE
      WHEN pg_catalog.current_setting('server_version_num')::integer >= 160000 THEN 'SET'
      ELSE 'MEMBER'
  END)
