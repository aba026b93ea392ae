-- How many clients are in this database that aren't ours, and may act as the role, where there is one.
SELECT pg_catalog.count(*)
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = %(role)s
WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend'
  AND a.pid <> pg_catalog.pg_backend_pid() AND a.application_name NOT LIKE %(ours)s || '%%'
  AND (r.oid IS NULL OR pg_catalog.pg_has_role(a.usesysid, r.oid, 'MEMBER'))
