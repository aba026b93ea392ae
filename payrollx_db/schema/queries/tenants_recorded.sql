SELECT t.schema, t.tenant, t.revision, n.oid IS NOT NULL AS "exists"
FROM payrollx_meta.tenants AS t
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schema
ORDER BY t.schema
