-- The settings that somebody was let set, though only superusers may: who sets session_replication_role, for one,
-- switches off triggers and foreign keys. The same columns as of all other things.
SELECT 'parameter' AS kind, '' AS schema, parname AS name, '' AS arguments,
  pg_get_userbyid(10)::text AS owner, '' AS sort, NULL::text[] AS settings, false AS definer,
  false AS of_extension, false AS of_table,
  (
    SELECT coalesce(jsonb_object_agg(rolname, (
      SELECT coalesce(jsonb_agg(privilege), '[]')
      FROM jsonb_array_elements_text(%(privileges)s::jsonb -> 'parameter') AS privilege
      WHERE has_parameter_privilege(ours.oid, parname, privilege)
    )), '{}')
    FROM pg_catalog.pg_roles AS ours WHERE rolname = ANY (%(roles)s)
  ) AS held,
  (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'to', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END,
      'privilege', privilege_type, 'column', NULL, 'may_hand_on', is_grantable
    ) ORDER BY grantee, privilege_type), '[]')
    FROM aclexplode(paracl) WHERE grantee <> 10  -- whom initdb made, and who owns them all
  ) AS grants,
  '[]'::jsonb AS reaches
FROM pg_catalog.pg_parameter_acl
ORDER BY parname
