"""Worlds of several tables, each with a rule of the target's that the source doesn't know."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import pytest
from conftest import TestServer, unique
from worlds import World, query

from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

MakeTables = Callable[..., World]


@pytest.fixture
def make_tables(server: TestServer) -> Iterator[MakeTables]:
    """Make a world of the tables that two scripts make: ``public`` of a database ``old`` goes to the schema ``app``.

    ``tables`` maps each table to its columns as the layout expects them; ``new`` names, by table, target columns that
    nothing fills.
    """
    names: list[str] = []

    def make(
        source: str,
        target: str,
        tables: Mapping[str, dict[str, str]],
        *,
        new: Mapping[str, Sequence[str]] | None = None,
        references: Sequence[Reference] = (),
        derive: Mapping[str, dict[str, str]] | None = None,
        empty_as_null: Mapping[str, Collection[str]] | None = None,
        inverse: Mapping[str, dict[str, str]] | None = None,
        more: Sequence[str] = (),
    ) -> World:
        urls = []
        for name, script in (("old", source), ("app", f"CREATE SCHEMA app; {target}")):
            names.append(unique(name))
            urls.append(server.create_database(names[-1]))
            query(urls[-1], script)
        maps = tuple(
            TableMap(
                SourceTable(name, columns), f"app.{name}", new=tuple((new or {}).get(name, ())),
                derive=(derive or {}).get(name, {}), empty_as_null=frozenset((empty_as_null or {}).get(name, ())),
                inverse=(inverse or {}).get(name, {}),
            )
            for name, columns in tables.items()
        )  # fmt: skip
        service = Service("app", schema="app", role="rules_app", tables=(*tables, *more))
        catalog = Catalog("rules", (service,), tuple(references), owner_role="rules_owner")
        layout = Layout("rules", (LegacyDatabase("old", variable="OLD", service="app", maps=maps),))
        return World({"old": urls[0]}, urls[1], layout, catalog)

    yield make
    for name in names:
        server.drop_database(name)
