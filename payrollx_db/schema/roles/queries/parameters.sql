-- The settings that somebody was let set, though only superusers may: who sets session_replication_role, for one,
-- switches off triggers and foreign keys. The same columns as of all other things.
SELECT 'parameter' AS kind, '' AS schema, parname AS name, '' AS arguments,
  pg_get_userbyid(10)::text AS owner, '' AS sort, NULL::text[] AS settings, false AS definer,
  false AS of_extension, false AS of_table, false AS for_extensions,
  (
    SELECT coalesce(jsonb_agg(jsonb_build_array(
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END, privilege_type, NULL, is_grantable
    ) ORDER BY grantee, privilege_type), '[]')
    FROM aclexplode(paracl)
  ) AS acl,
  '[]'::jsonb AS reaches
FROM pg_catalog.pg_parameter_acl
ORDER BY parname
