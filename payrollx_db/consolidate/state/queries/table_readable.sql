-- Whether a state table is there, and this role may read it.
SELECT coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass('payrollx_meta.' || %(name)s), 'SELECT'), false)
