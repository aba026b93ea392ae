INSERT INTO payrollx_meta.tenants (schema, tenant, revision)
VALUES (:schema, :tenant, :revision)
ON CONFLICT (schema) DO UPDATE SET revision = excluded.revision, migrated_at = pg_catalog.now()
