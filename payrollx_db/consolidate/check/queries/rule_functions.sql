-- What these functions are.
SELECT p.oid::bigint AS oid,
       p.oid::regprocedure::text AS name,
       n.nspname::text AS schema,
       p.proname::text AS bare,
       l.lanname::text AS language,
       p.provolatile::text AS volatility,
       p.proleakproof AS leakproof,
       EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS s (setting)
               WHERE pg_catalog.starts_with(s.setting, 'search_path=')) AS settled
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE p.oid = ANY (%(functions)s::oid[])
ORDER BY p.oid
