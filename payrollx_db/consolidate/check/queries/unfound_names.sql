-- Which of these names mean a table, a function or a type that lies in another schema than pg_catalog, and nothing there.
SELECT 'relation', x.name
FROM pg_catalog.unnest(%(relations)s::text[]) AS x (name)
JOIN pg_catalog.pg_class AS c ON c.relname = x.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
GROUP BY x.name
HAVING bool_and(c.relnamespace <> 'pg_catalog'::regnamespace)
UNION ALL
SELECT 'function', x.name
FROM pg_catalog.unnest(%(functions)s::text[]) AS x (name)
JOIN pg_catalog.pg_proc AS p ON p.proname = x.name
GROUP BY x.name
HAVING bool_and(p.pronamespace <> 'pg_catalog'::regnamespace)
UNION ALL
SELECT 'type', x.name
FROM pg_catalog.unnest(%(types)s::text[]) AS x (name)
JOIN pg_catalog.pg_type AS t ON t.typname = x.name
GROUP BY x.name
HAVING bool_and(t.typnamespace <> 'pg_catalog'::regnamespace)
ORDER BY 1, 2
