SELECT pg_catalog.to_regclass('payrollx_meta.' || %(name)s) IS NOT NULL
