-- How many rows this transaction has deleted from each table of a schema.
SELECT relname::text, n_tup_del FROM pg_catalog.pg_stat_xact_user_tables WHERE schemaname = %(schema)s AND n_tup_del > 0
