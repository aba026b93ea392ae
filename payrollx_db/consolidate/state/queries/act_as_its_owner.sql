-- Whoever a run acts as, the state is its owner's: for this transaction, be the role that has its tables, or its schema
-- while there are none. Nothing where this login may not be that role.
SELECT pg_catalog.set_config('role', r.rolname::text, true)
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'runs'
JOIN pg_catalog.pg_roles AS r ON r.oid = coalesce(c.relowner, n.nspowner)
WHERE n.nspname = 'payrollx_meta'
  AND pg_catalog.pg_has_role(
    r.oid, CASE WHEN pg_catalog.current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
  )
