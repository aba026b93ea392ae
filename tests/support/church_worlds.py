"""Koinonia's churches to work with: their legacy databases, and a unified one in either shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conftest import TestServer, unique
from system_facts import SystemWorld

from payrollx_db.catalogs import registry
from payrollx_db.catalogs.koinonia.practice import make_legacy
from payrollx_db.devserver.practice import DatabaseMade, LegacySummary
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate


@dataclass(frozen=True)
class Churches:
    """The legacy databases of some churches: what was made, where, and the prefix of their names."""

    server: TestServer
    prefix: str
    summary: LegacySummary
    databases: tuple[str, ...]

    def url(self, tenant: str) -> DatabaseUrl:
        """Where a church's own database is."""
        return self.server.url.with_database(f"{self.prefix}tenant_{tenant}")

    @property
    def registry(self) -> DatabaseUrl:
        """Where the registry's database is."""
        return self.server.url.with_database(f"{self.prefix}koinonia_registry")

    @contextmanager
    def unified(self, catalog: str) -> Iterator[SystemWorld]:
        """Make a unified database of ``catalog`` for these churches, and drop it at the end."""
        known = registry.find(catalog)
        if known.template and known.template.shape == "shared":
            self.server.needs(15, "SET NULL for some columns of a foreign key, as tenants that share tables have it")
        target = self.server.create_database(unique("churches"))
        try:
            migrate.upgrade(target, known)
            yield SystemWorld(
                known, registry.layout(known, "legacy"), self.server.url, target, self.prefix, {"PAYROLLX_JOBS": "2"}
            )
        finally:
            self.server.drop_database(target.dbname)


def open_churches(server: TestServer, churches: int, *, hostile: bool = False) -> Iterator[Churches]:
    """Make the legacy databases of so many churches on the tests' server, and drop them at the end."""
    prefix = unique("koinonia") + "_"
    made: list[DatabaseMade] = []
    try:
        summary = make_legacy(
            server.url, employees=4 * churches, hostile=hostile, tenants=churches, prefix=prefix, observer=made.append
        )
        yield Churches(server, prefix, summary, tuple(database.database for database in made))
    finally:
        for database in made:
            server.drop_database(database.database)
