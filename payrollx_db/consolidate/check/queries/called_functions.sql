-- The functions of these names, and those of these oids, that aren't the server's own and have a text to be read.
SELECT p.oid::bigint AS oid,
       p.oid::regprocedure::text AS function,
       n.nspname::text AS schema,
       p.proname::text AS name,
       l.lanname::text AS language,
       p.prosrc AS body,
       EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS s (setting)
               WHERE pg_catalog.starts_with(s.setting, 'search_path=')) AS settled
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE l.lanname IN ('plpgsql', 'sql') AND n.nspname <> 'pg_catalog'
  AND (p.oid = ANY (%(oids)s::oid[])
       OR (n.nspname, p.proname) IN (
         SELECT x.schema, x.name
         FROM ROWS FROM (pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])) AS x (schema, name)))
ORDER BY p.oid
