SELECT schema, tenant, revision FROM payrollx_meta.tenants ORDER BY schema
