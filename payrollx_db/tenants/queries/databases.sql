SELECT datname::text FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname::text, %(prefix)s) ORDER BY datname
