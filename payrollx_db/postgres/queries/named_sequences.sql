-- The sequences of these names, each as schema.name with quotes where they need them.
SELECT given.name,
       q.oid::bigint,
       n.nspname::text,
       q.relname::text,
       s.seqstart,
       s.seqincrement,
       s.seqmin,
       s.seqmax,
       s.seqcycle,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(q.oid, 'SELECT')
         AND NOT (q.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery()),
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(q.oid, 'UPDATE')
FROM pg_catalog.unnest(%(names)s::text[]) AS given (name)
JOIN pg_catalog.pg_class AS q ON q.oid = pg_catalog.to_regclass(given.name) AND q.relkind = 'S'
JOIN pg_catalog.pg_namespace AS n ON n.oid = q.relnamespace
JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = q.oid
ORDER BY 1
