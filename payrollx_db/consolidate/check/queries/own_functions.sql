-- Functions of this schema and name that aren't the server's own: what they do, and where they look for names.
SELECT p.oid::bigint AS oid,
       pg_catalog.format('%%I.%%I', n.nspname, p.proname) AS name,
       l.lanname::text AS language,
       p.provolatile = 'v' AS is_volatile,
       CASE WHEN pg_catalog.to_jsonb(p) ->> 'prosqlbody' IS NULL THEN p.prosrc
            ELSE pg_catalog.pg_get_functiondef(p.oid) END AS body,
       ARRAY(SELECT pg_catalog.btrim(part, '" ')
             FROM pg_catalog.unnest(p.proconfig) AS s (setting),
                  pg_catalog.regexp_split_to_table(pg_catalog.substr(s.setting, 13), ',') AS parts (part)
             WHERE pg_catalog.starts_with(s.setting, 'search_path=')) AS path
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE n.nspname = %(schema)s AND n.nspname <> 'pg_catalog' AND p.proname = %(name)s
ORDER BY p.oid
