SELECT pg_catalog.pg_backend_pid(),
       (SELECT s.setting::integer FROM pg_catalog.pg_settings AS s WHERE s.name = 'deadlock_timeout')
