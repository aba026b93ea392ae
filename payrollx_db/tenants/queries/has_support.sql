SELECT pg_catalog.to_regprocedure('payrollx_tenants.enforce_limit()') IS NOT NULL
