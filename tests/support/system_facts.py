"""What was found of the systems' tables, as test data (`systems/*.txt`), and these systems as worlds to work in."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from command_line import Done, call
from conftest import TestServer, unique

from payrollx_db.catalogs import registry
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.layout import Layout
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

FOLDER = Path(__file__).parent / "systems"


@dataclass(frozen=True)
class FoundColumn:
    """A column as it was found; ``points_at`` is ``table.column/rule``, empty where there is no foreign key."""

    type: str
    unique: bool
    indexed: bool
    points_at: str


@dataclass(frozen=True)
class FoundTable:
    """A legacy table as it was found, and what it is called in the unified database."""

    unified: str
    database: str
    name: str
    columns: Mapping[str, FoundColumn]
    uniques: tuple[tuple[str, ...], ...]


def found(system: str) -> list[FoundTable]:
    """Return the tables of a system as its facts have them."""
    lines = (FOLDER / f"{system}.txt").read_text("utf-8").splitlines()
    return [_table(line) for line in lines if not line.startswith("#")]


def _table(line: str) -> FoundTable:
    described, _, uniques = line.partition(" ; ")
    unified, database, name, *columns = described.split()
    known = dict(map(_column, columns))
    return FoundTable(unified, database, name, known, tuple(tuple(u.split(",")) for u in uniques.split()))


def _column(text: str) -> tuple[str, FoundColumn]:
    name, kind, *flags = text.split(":")
    points_at = next((flag[1:] for flag in flags if flag.startswith(">")), "")
    return name, FoundColumn(kind.replace("_precision", " precision"), "u" in flags, "i" in flags, points_at)


@dataclass
class SystemWorld:
    """A system's legacy databases and its unified one, and the command line on them."""

    catalog: Catalog
    layout: Layout
    server: DatabaseUrl
    target: DatabaseUrl
    prefix: str
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        """The environment in which commands find both sides."""
        sources = {
            f"LEGACY_{known.variable}_DATABASE_URL": self.server.with_database(self.prefix + known.usual_database).plain
            for known in self.layout.databases
        }
        return {"PATH": os.environ["PATH"], "DATABASE_URL": self.target.plain, **sources, **self.given}

    def run(self, *arguments: str) -> Done:
        """Run ``payrollx-db`` with this catalog and this layout."""
        command = arguments[0]
        layout = ["--from", self.layout.name] if command in ("plan", "check", "copy", "verify") else []
        return call((*arguments, "--catalog", str(self.catalog.option), *layout), self.env)


def open_world(
    server: TestServer, system: str, layout: str, users: int, *, hostile: bool = False
) -> Iterator[SystemWorld]:
    """Make a system's databases on the tests' server, and drop them at the end."""
    catalog = registry.find(system)
    chosen = registry.layout(catalog, layout)
    prefix = unique(system)
    target = server.create_database(f"{prefix}_unified")
    world = SystemWorld(catalog, chosen, server.url, target, f"{prefix}_")
    more = {} if layout == "legacy" else {"layout": layout}
    names = {world.prefix + known.usual_database for known in chosen.databases}
    try:
        registry.practice(catalog)(server.url, employees=users, hostile=hostile, prefix=world.prefix, **more)  # type: ignore[call-arg] # of these catalogs' own
        migrate.upgrade(target, catalog)
        yield world
    finally:
        for name in (*names, target.dbname):
            server.drop_database(name)


@pytest.fixture(scope="module")
def azora(server: TestServer) -> Iterator[SystemWorld]:
    """Azora with three users: legacy databases, and a migrated target."""
    yield from open_world(server, "azora", "legacy", 3)
