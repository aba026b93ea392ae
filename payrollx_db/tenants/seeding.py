"""Example rows of tenants that have a schema each, which is made first."""

from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import instance, template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, migrate
from payrollx_db.schema.seed import Seed, SeedInserted, insert_seed
from payrollx_db.tenants.migrating import TenantMigrations


def insert_tenants(url: DatabaseUrl, catalog: Catalog, seed: Seed) -> list[SeedInserted]:
    """Write the seed's rows of its tenants, where each has a schema; those that share tables have theirs already.

    Raises as `payrollx_db.schema.seed.insert_seed`, which has written the registry's rows before.
    """
    if template_of(catalog).shape == "shared":
        return []
    migrations = TenantMigrations(catalog)
    with migrate.locked_connection(url, catalog) as opened, migrate.translating_errors(url):
        for tenant in seed.tenants:
            migrations.upgrade(opened, tenant)
            opened.execute(ddl.script("RESET ROLE"))
        opened.execute(ddl.script(migrations.connecting(seed.tenants)))
        opened.commit()
    known = instance(catalog, seed.tenants)
    return [insert_seed(url, known, seed, known.services[len(catalog.services) :])]
