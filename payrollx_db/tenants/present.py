"""The tenants that are in a database: a catalog with a template becomes that of its services and those tenants."""

from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import instance
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.tenants.migrating import TenantMigrations


def with_tenants(catalog: Catalog, url: DatabaseUrl) -> Catalog:
    """Return ``catalog`` with a service for each tenant that has a schema in the database at ``url``.

    One without a template, or whose tenants share their tables, stays as it is. Raises TargetError where the database
    can't be reached.
    """
    if catalog.template is None or catalog.template.shape == "shared":
        return catalog
    with migrate.connection(url) as opened, migrate.translating_errors(url):
        versions = TenantMigrations(catalog).recorded(opened)
    return instance(catalog, (version.tenant for version in versions.values()))
