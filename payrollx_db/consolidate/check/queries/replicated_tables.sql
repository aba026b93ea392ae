-- What is replicated from these tables, or into them.
SELECT c.oid::bigint, 'publication', p.pubname::text
FROM pg_catalog.pg_publication_tables AS p
JOIN pg_catalog.pg_namespace AS n ON n.nspname = p.schemaname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = p.tablename
WHERE c.oid = ANY (%(tables)s::oid[])
UNION ALL
SELECT s.srrelid::bigint, 'subscription', u.subname::text
FROM pg_catalog.pg_subscription_rel AS s
JOIN pg_catalog.pg_subscription AS u ON u.oid = s.srsubid
WHERE s.srrelid = ANY (%(tables)s::oid[]) AND u.subenabled
ORDER BY 1, 2, 3
