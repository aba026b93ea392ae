-- Functions of extensions that nobody but their owner may call, though the extension itself restricts none of them:
-- default privileges, ours among them, were there when it was made.
SELECT extname::text AS name, nspname::text AS schema,
       array_agg(pg_proc.oid::regprocedure::text ORDER BY pg_proc.oid) AS closed
FROM pg_catalog.pg_proc
JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = pg_proc.oid
  AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
JOIN pg_catalog.pg_extension ON pg_extension.oid = d.refobjid
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
WHERE proacl IS NOT NULL
  AND NOT EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_init_privs AS restricted
    WHERE restricted.classoid = 'pg_proc'::regclass AND restricted.objoid = pg_proc.oid
  )
GROUP BY extname, nspname
ORDER BY extname
