-- Whose privileges each of our roles has: its own, and those of all roles that it inherits from. Until Postgres 15 the
-- member says whether it inherits, since then each membership does. Who owns the database acts as pg_database_owner.
WITH RECURSIVE memberships AS (
  SELECT m.member, m.roleid, coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, member.rolinherit) AS inherits
  FROM pg_catalog.pg_auth_members AS m
  JOIN pg_catalog.pg_roles AS member ON member.oid = m.member
), acting (role, oid) AS (
  SELECT oid, oid FROM pg_catalog.pg_roles WHERE rolname = ANY (%(roles)s)
  UNION
  SELECT acting.role, memberships.roleid
  FROM acting JOIN memberships ON memberships.member = acting.oid AND memberships.inherits
), complete AS (
  SELECT role, oid FROM acting
  UNION
  SELECT acting.role, owner.oid
  FROM acting
  JOIN pg_catalog.pg_database ON datname = current_database() AND datdba = acting.oid
  JOIN pg_catalog.pg_roles AS owner ON owner.rolname = 'pg_database_owner'
)
SELECT pg_get_userbyid(role)::text, array_agg(pg_get_userbyid(oid)::text)
FROM complete
GROUP BY role
