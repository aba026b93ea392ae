-- Routines whose code is text, so that it looks for names when it runs: how each says where. Internal and C functions
-- look for none, and a BEGIN ATOMIC body knows what it means. Only those that are chosen are looked at in full: the
-- server has thousands of its own.
WITH chosen AS MATERIALIZED (
    SELECT p.oid, n.nspname, p.prokind, p.prosecdef, p.prosrc, p.proconfig,
           pg_catalog.to_jsonb(p) ->> 'prosqlbody' IS NULL AS is_text
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
    WHERE n.nspname = ANY (%(schemas)s) AND p.prokind IN ('f', 'p', 'w') AND l.lanname NOT IN ('internal', 'c')
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
        )
)
SELECT p.oid::bigint, p.nspname::text, o.identity, p.prokind = 'p', p.prosecdef, p.prosrc,
       (
           SELECT pg_catalog.substr(setting, 13) FROM pg_catalog.unnest(p.proconfig) AS setting
           WHERE pg_catalog.starts_with(setting, 'search_path=')
       )
FROM chosen AS p
CROSS JOIN LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0) AS o
WHERE p.is_text
ORDER BY p.oid
