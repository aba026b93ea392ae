-- Logins with a CONNECTION LIMIT of their own, and how many sessions they have on the whole server.
SELECT r.rolname::text AS login, r.rolconnlimit AS most, count(*) AS used
FROM pg_catalog.pg_roles AS r
JOIN pg_catalog.pg_stat_activity AS s ON s.usesysid = r.oid
WHERE r.rolconnlimit > 0 AND s.datname = pg_catalog.current_database()
GROUP BY 1, 2
