-- How many more sessions this login may open here: by the server, and by the limits of the role and of the database.
SELECT LEAST(
         pg_catalog.current_setting('max_connections')::bigint
           - CASE WHEN r.rolsuper THEN 0
                  ELSE pg_catalog.current_setting('superuser_reserved_connections')::bigint
                       + coalesce(pg_catalog.current_setting('reserved_connections', true)::bigint, 0) END
           - (SELECT coalesce(pg_catalog.sum(s.numbackends), 0) FROM pg_catalog.pg_stat_database AS s),
         CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper
              THEN r.rolconnlimit - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
                                     WHERE a.usesysid = r.oid) END,
         CASE WHEN d.datconnlimit >= 0 AND NOT r.rolsuper
              THEN d.datconnlimit - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
                                     WHERE a.datid = d.oid) END
       )::bigint
FROM pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_database AS d
WHERE r.rolname = SESSION_USER AND d.datname = pg_catalog.current_database()
