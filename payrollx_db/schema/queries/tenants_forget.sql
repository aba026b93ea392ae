DELETE FROM payrollx_meta.tenants WHERE schema = :schema
