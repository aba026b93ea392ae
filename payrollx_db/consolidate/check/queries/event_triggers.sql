-- The event triggers that fire for what a copy does to tables and indexes.
SELECT e.evtname::text, p.oid::regprocedure::text, n.nspname::text,
       EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS s (setting)
               WHERE pg_catalog.starts_with(s.setting, 'search_path='))
FROM pg_catalog.pg_event_trigger AS e
JOIN pg_catalog.pg_proc AS p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE e.evtenabled IN ('O', 'A') AND e.evtevent IN ('ddl_command_start', 'ddl_command_end', 'sql_drop')
ORDER BY 1
