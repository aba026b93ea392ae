"""Worlds of one table, to be looked around in, and ways to say what was found."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from worlds import World, query, value

from payrollx_db.consolidate.check import preflight
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.pipeline import Plan, plan
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.finding import ROW_CODES, Finding
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.url import DatabaseUrl

SERVICE = Service("shop", schema="shop", role="tiny_shop", tables=("things",))
CATALOG = Catalog("tiny", (SERVICE,), owner_role="tiny_owner")
COLUMNS = {"id": "integer", "name": "text?"}
ALWAYS = {("disk", "info"), ("replication-ready", "info")}

Make = Callable[..., World]


def layout(columns: dict[str, str]) -> Layout:
    things = TableMap(SourceTable("things", columns), "shop.things")
    return Layout("tiny", (LegacyDatabase("old", variable="OLD", service="shop", maps=(things,)),))


LAYOUT = layout(COLUMNS)


def findings_in(world: World, change: Callable[[Plan], Plan] = lambda made: made) -> list[Finding]:
    """Look around in a world; ``change`` makes the plan say what can't be provoked."""

    async def both() -> list[Finding]:
        task = world.task()
        async with SessionPool() as sessions:
            context = Context(sources=task.sources, target=task.target, target_as_given=task.target, sessions=sessions)
            return await preflight.run_preflight(context, change(await plan(task)))

    found = asyncio.run(both())
    assert not {finding.code for finding in found} & ROW_CODES
    return found


def notable(found: list[Finding]) -> list[tuple[str, str, str]]:
    """What was found, but for what is always told."""
    return [(f.code, f.severity, f.place) for f in found if (f.code, f.severity) not in ALWAYS]


def one_finding(found: list[Finding], code: str, severity: str) -> Finding:
    """Return the one finding of a code and severity."""
    (one,) = [finding for finding in found if (finding.code, finding.severity) == (code, severity)]
    return one


@pytest.fixture
def make_world(server: TestServer) -> Iterator[Make]:
    """Make a world of one table; options are CREATE DATABASE's, and ``columns`` those of the table."""
    names = []

    def database(options: str) -> DatabaseUrl:
        names.append(unique("tiny"))
        query(server.url, f'CREATE DATABASE "{names[-1]}" TEMPLATE template0 {options}')
        return server.url.with_database(names[-1])

    def make_world(
        columns: dict[str, str] = COLUMNS,
        *,
        source: str = "id integer PRIMARY KEY, name text",
        target: str = "id integer PRIMARY KEY, name text",
        options: tuple[str, str] = ("", ""),
        before: str = "",
    ) -> World:
        old, new = (database(text) for text in options)
        for url in (old, new):
            query(url, before or "SELECT 1")
        query(old, f"CREATE TABLE things ({source})")
        query(new, "CREATE SCHEMA shop")
        query(new, f"CREATE TABLE shop.things ({target})")
        return World({"old": old}, new, layout(columns), CATALOG)

    yield make_world
    for name in names:
        server.drop_database(name)


@pytest.fixture
def role(server: TestServer) -> Iterator[str]:
    """A role that may connect, and nothing else. Used after the databases that it has rights in are gone."""
    name = unique("role")
    named = sql.Identifier(name)
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(named))
        yield name
        connection.execute(sql.SQL("DROP ROLE {}").format(named))


@pytest.fixture
def tiny(role: str, make_world: Make) -> World:
    """A world of one table; its databases go before the role does."""
    return make_world()


def login(url: DatabaseUrl, role: str) -> DatabaseUrl:
    return DatabaseUrl({**url.params, "user": role, "password": "secret"})


def has_icu(server: TestServer) -> bool:
    """Whether the server was built with it; one entry, `unicode`, is there without."""
    return bool(value(server.url, "SELECT count(*) > 1 FROM pg_collation WHERE collprovider = 'i'"))


@contextlib.contextmanager
def open_transaction(url: DatabaseUrl, statement: str) -> Iterator[None]:
    """Leave a transaction idle after ``statement``."""
    with psycopg.connect(url.conninfo(), application_name="somebody else") as connection:
        connection.execute(statement)
        yield
