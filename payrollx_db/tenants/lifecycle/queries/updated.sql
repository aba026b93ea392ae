-- The tables of a schema of which this transaction has updated rows.
SELECT relid::bigint FROM pg_catalog.pg_stat_xact_user_tables WHERE schemaname = %(schema)s AND n_tup_upd > 0
