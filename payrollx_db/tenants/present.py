"""The tenants that are in a database: a catalog with a template becomes that of its services and those tenants."""

from contextlib import suppress

from payrollx_db.errors import CatalogError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import instance
from payrollx_db.model.template import Template
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.tenants.migrating import TenantMigrations


def with_tenants(catalog: Catalog, url: DatabaseUrl, also: str = "") -> Catalog:
    """Return ``catalog`` with a service for each tenant that has a schema in the database at ``url``.

    ``also`` is the name of one more, if it is that of a tenant: one that was dropped, and comes back. A catalog without
    a template, or whose tenants share their tables, stays as it is. Raises TargetError where the database can't be
    reached.
    """
    if catalog.template is None or catalog.template.shape == "shared":
        return catalog
    with migrate.connection(url) as opened, migrate.translating_errors(url):
        versions = TenantMigrations(catalog).recorded(opened)
    tenants = {version.tenant for version in versions.values()} | _tenants_called(catalog.template, also)
    return instance(catalog, sorted(tenants))


def _tenants_called(template: Template, name: str) -> set[str]:
    """Return the tenant whose schema has this name; or whose id it is, where the schema's name doesn't tell that."""
    for tenant in (name.removeprefix(template.prefix), name):
        with suppress(CatalogError):
            place = template.place_of(tenant)
            if place == name or (tenant == name and place != template.prefix + tenant):
                return {tenant}
    return set()
