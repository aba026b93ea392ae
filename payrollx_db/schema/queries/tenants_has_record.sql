SELECT pg_catalog.to_regclass('payrollx_meta.tenants') IS NOT NULL
