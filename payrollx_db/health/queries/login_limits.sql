-- Logins of this database's sessions that have a CONNECTION LIMIT of their own, and how many sessions they have on
-- the whole server: that is what the limit counts.
SELECT r.rolname::text AS login, r.rolconnlimit AS most, count(*) AS used
FROM pg_catalog.pg_roles AS r
JOIN pg_catalog.pg_stat_activity AS s ON s.usesysid = r.oid
WHERE r.rolconnlimit > 0 AND NOT r.rolsuper
  AND s.pid <> pg_catalog.pg_backend_pid()
  AND coalesce(s.backend_type, 'client backend') = 'client backend'
GROUP BY 1, 2
HAVING pg_catalog.bool_or(s.datname = pg_catalog.current_database())
ORDER BY 1
