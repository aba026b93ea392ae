-- Sessions in this database by the service that they are of: a login that is a member of one service's role
-- and of no other's, or else, where no role tells, the service that the application's name ends in.
WITH wanted AS (
    SELECT w.service, w.role, r.oid
    FROM unnest(%(services)s::text[], %(roles)s::text[]) AS w (service, role)
    LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = w.role
), told AS (
    SELECT s.pid,
           s.application_name,
           CASE WHEN u.rolsuper THEN NULL ELSE (
               SELECT pg_catalog.array_agg(w.service)
               FROM wanted AS w
               WHERE w.oid IS NOT NULL AND pg_catalog.pg_has_role(s.usesysid, w.oid, 'MEMBER')
           ) END AS services
    FROM pg_catalog.pg_stat_activity AS s
    JOIN pg_catalog.pg_roles AS u ON u.oid = s.usesysid
    WHERE s.datname = pg_catalog.current_database()
      AND s.pid <> pg_catalog.pg_backend_pid()
      AND coalesce(s.backend_type, 'client backend') = 'client backend'
)
SELECT w.service, count(t.pid) AS sessions
FROM wanted AS w
LEFT JOIN told AS t
  ON CASE WHEN pg_catalog.cardinality(t.services) = 1 THEN t.services[1] = w.service
          ELSE t.application_name = w.service
               OR pg_catalog.right(t.application_name, pg_catalog.length(w.service) + 1)
                  = ANY (ARRAY['-' || w.service, '_' || w.service, ' ' || w.service, ':' || w.service]) END
GROUP BY w.service
