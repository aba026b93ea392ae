"""Each type of Postgres, arrays of it, types of the databases' own and of extensions: copied and proven, or refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import unique
from every_type import BUILT_IN, REFUSED, Types
from worlds import World, query

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

# Of the types that a column can be of, those that nobody can have values of: the system's own tables' rows.
COLUMN_TYPES = """
SELECT t.typname::text FROM pg_type AS t
WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm')
  AND t.typoutput <> 'array_out'::regproc
"""


@pytest.fixture
def databases(server: Any) -> Iterator[Any]:
    made: list[str] = []

    def make(name: str, *options: str) -> Any:
        made.append(unique(name))
        if not options:
            return server.create_database(made[-1])
        query(server.url, f"CREATE DATABASE {made[-1]} TEMPLATE template0 {' '.join(options)}")
        return server.url.with_database(made[-1])

    yield make
    for name in made:
        server.drop_database(name)


@pytest.mark.parametrize("encoding", ["UTF8", pytest.param("LATIN1", marks=pytest.mark.long)])
def test_values_of_every_type_arrive_as_they_were(server: Any, databases: Any, encoding: str) -> None:
    types = Types.of(server.url, encoding=encoding)
    source = databases(f"old_{encoding.lower()}", f"ENCODING {encoding}", "LOCALE 'C'")
    target = databases(f"new_{encoding.lower()}")
    types.fill(source, target)
    world = World({"old": source}, target, types.layout, types.catalog)

    plan = world.plan()
    world.copy()
    verdict = world.verify()

    assert {table.target.name for table in plan.tables if table.text} == {"texts", "arrays"} | {"of_seg"} & {
        *types.tables
    }
    assert [t.table.target_name for t in verdict.tables if not t.identical] == []
    before, after = types.as_texts(source, "public"), types.as_texts(target, "app")
    for name, rows in before.items():
        assert after[name] == rows, name


def test_every_type_is_looked_at(server: Any) -> None:
    there = {name for (name,) in query(server.url, COLUMN_TYPES)}

    tried = {name.partition("(")[0].strip('"') for name in BUILT_IN}
    assert there <= tried | {*REFUSED} | {"unknown", "pg_ddl_command", "cstring"}


def test_types_that_mean_something_in_their_own_database_only(server: Any, databases: Any) -> None:
    """Plan names each, alone and in an array, and says what to write."""
    source, target = databases("bound_old"), databases("bound_new")
    columns = {f"c{number}": kind for number, kind in enumerate([*REFUSED, "oid[]", "regclass[]"])}
    listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    query(source, f"CREATE TABLE t ({listed})")
    query(target, f"CREATE SCHEMA app; CREATE TABLE app.t ({listed})")
    catalog = Catalog("types", (Service("app", schema="app", role="types_app", tables=("t",)),))
    table_map = TableMap(SourceTable("t", {name: f"{kind}?" for name, kind in columns.items()}), "app.t")
    layout = Layout("types", (LegacyDatabase("old", "OLD", "app", (table_map,)),))

    mismatches = World({"old": source}, target, layout, catalog).plan().mismatches

    assert sorted(m.place for m in mismatches) == sorted(f"old.public.t.{name}" for name in columns)
    assert {m.code for m in mismatches} == {"no-rule"}
    assert all("derive" in m.message for m in mismatches)
