"""Hold the migrations against the models, on a server made for the purpose: what `alembic check` does, and enums."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import MetaData

from payrollx_db.catalogs import registry
from payrollx_db.devserver import Server, create_database
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.finding import Finding
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import drift, migrate
from payrollx_db.tenants.migrating import TenantMigrations


def main() -> int:
    """Migrate an empty database for each catalog, and print every difference from its models. Returns the exit code."""
    differences: list[str] = []
    with tempfile.TemporaryDirectory(prefix="payrollx-drift-") as folder:
        Path(folder).chmod(0o711)  # the server may run as another user, and its own folder lies inside
        server = Server(Path(folder) / "data", settings={"fsync": "off"})
        try:
            place = server.up()
            for name in registry.BUILT_IN:
                catalog = registry.find(name)
                url = create_database(place, f"drift_{name}")
                migrate.upgrade(url, catalog)
                found = [*migrate.check(url, catalog), *of_a_tenant(url, catalog)]
                differences += [f"{name}: {difference}" for difference in found]
        finally:
            server.destroy()
    for difference in differences:
        print(difference)
    print("the migrations make what the models say" if not differences else f"{len(differences)} differences")
    return 1 if differences else 0


def of_a_tenant(url: DatabaseUrl, catalog: Catalog) -> Iterator[Finding]:
    """Yield where the schema of a new tenant differs from the template's models, if each tenant has a schema."""
    if catalog.template is None or catalog.template.shape == "shared":
        return
    migrations = TenantMigrations(catalog)
    service = migrations.service("drift")
    with migrate.connection(url) as opened, opened.begin():
        migrations.upgrade(opened, "drift")
    models = MetaData(naming_convention=catalog.models.naming_convention)
    for table in catalog.models.sorted_tables:
        if table.schema == template_of(catalog).service.schema:
            table.to_metadata(models, schema=service.schema)
    schemas = frozenset([service.schema])
    with migrate.connection(url) as opened, opened.begin():
        options = {**migrate.options(catalog, schemas, opened), "target_metadata": models}
        yield from drift.find(opened, models, schemas, options)


if __name__ == "__main__":
    sys.exit(main())
