"""A shop of two tables with every kind of index and key, to be left in the middle of a copy, and ways to leave it."""

import asyncio
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from conftest import TestServer, unique
from worlds import World, query, snapshot_of

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.copy.abandon import Abandoned
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.events import Event, TableFinished
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

MAPS = (
    TableMap(SourceTable("makers", {"id": "integer", "name": "text"}), "app.makers"),
    TableMap(SourceTable("things", {"id": "integer", "maker": "integer", "name": "text"}), "app.things"),
)
CATALOG = Catalog(
    "leaving",
    (Service("app", schema="app", role="leaving_app", tables=("makers", "things")),),
    (Reference("app.things", "maker", "app.makers", "id", enforced=True),),
    owner_role="leaving_owner",
)
NAMES = {"PAYROLLX_CATALOG": "leaving_worlds:CATALOG"}  # what the command line is told of whose databases these are
LAYOUT = Layout("leaving", (LegacyDatabase("old", variable="OLD", service="app", maps=MAPS),))

SOURCE = """
CREATE TABLE makers (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE things (id integer PRIMARY KEY, maker integer NOT NULL, name text NOT NULL);
INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(1, 20) AS n;
INSERT INTO things SELECT n, 1 + n % 20, 'thing ' || n FROM generate_series(1, 200) AS n;
"""
# An index over a function, a unique one, an exclusion, a check of a domain, keys within and from elsewhere.
TARGET = """
CREATE SCHEMA app; CREATE SCHEMA other;
CREATE FUNCTION app.folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.lower($1)';
CREATE TABLE app.makers (id integer CONSTRAINT makers_key PRIMARY KEY, name text NOT NULL);
CREATE UNIQUE INDEX makers_name ON app.makers (app.folded(name));
CREATE TABLE app.things (id integer CONSTRAINT things_key PRIMARY KEY,
  maker integer NOT NULL CONSTRAINT things_maker REFERENCES app.makers, name text NOT NULL,
  CONSTRAINT things_name UNIQUE (name) DEFERRABLE, CONSTRAINT things_apart EXCLUDE USING btree (name WITH =));
CREATE INDEX things_folded ON app.things (app.folded(name));
CREATE INDEX things_maker_index ON app.things (maker);
CREATE TABLE other.notes (maker integer CONSTRAINT notes_maker REFERENCES app.makers,
  thing integer CONSTRAINT notes_thing REFERENCES app.things);
"""


@pytest.fixture(scope="module")
def leaving_templates(server: TestServer) -> Iterator[tuple[str, str]]:
    """A filled source and an empty target, to be cloned."""
    names = unique("leaving_old"), unique("leaving_new")
    for name, script in zip(names, (SOURCE, TARGET), strict=True):
        query(server.create_database(name), script)
    yield names
    for name in names:
        server.drop_database(name)


@pytest.fixture
def leaving_shop(server: TestServer, leaving_templates: tuple[str, str]) -> Iterator[World]:
    """A world of two tables with every kind of index and key."""
    names = unique("leaving_a"), unique("leaving_b")
    old, new = (server.create_database(name, source) for name, source in zip(names, leaving_templates, strict=True))
    yield World({"old": old}, new, LAYOUT, CATALOG)
    for name in names:
        server.drop_database(name)


def task(world: World, **changes: Any) -> pipeline.Task:
    """A task for which no table is so small that it keeps its indexes."""
    known = {field.name for field in fields(pipeline.Task)}
    changes |= {"small_tables": 0} if "small_tables" in known else {}
    return replace(world.task(), **changes)


def copy(world: World, **changes: Any) -> pipeline.Report:
    return asyncio.run(pipeline.copy(task(world, **changes)))


def restart(world: World) -> pipeline.Report:
    return asyncio.run(pipeline.copy(task(world), restart=True))


def cut_off(world: World, moment: type[Event] = TableFinished) -> None:
    """Copy, and be cancelled at a moment: when the rows of a table are in, and everything is down."""

    async def until_then() -> None:
        def watch(event: Event) -> None:
            if isinstance(event, moment):
                work.cancel()

        work = asyncio.create_task(pipeline.copy(task(world, observer=watch)))
        await work

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(until_then())


def abandon(world: World) -> Abandoned:
    return asyncio.run(pipeline.abandon(world.task().target, world.catalog))


def objects(world: World) -> Any:
    return snapshot_of(world.target)["objects"]


def state(world: World) -> list[tuple[Any, ...]]:
    return query(world.target, "SELECT id, status FROM payrollx_meta.runs ORDER BY id")
