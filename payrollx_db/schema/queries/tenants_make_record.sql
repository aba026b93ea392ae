-- Which tenants have a schema here, and at which revision of their template each is.
CREATE TABLE IF NOT EXISTS payrollx_meta.tenants (
    schema text PRIMARY KEY,
    tenant text NOT NULL UNIQUE,
    revision text NOT NULL,
    migrated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
)
