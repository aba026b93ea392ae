"""A source whose tables have every trouble that following meets, a login of few rights, and what is said of both."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from worlds import World, query

from payrollx_db.consolidate import online
from payrollx_db.consolidate.check.online.probe import refused_replication
from payrollx_db.consolidate.check.online.readiness import Ability, Obstacle, OnlineCheck
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Discard, DuplicateTable, Layout, LegacyDatabase, Lookup, SourceTable, TableMap
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.url import DatabaseUrl

ODD = 'Odd "näme".%s'
KEYED = {"id": "integer", "name": "text?"}
SHAPES: dict[str, dict[str, str]] = {
    "plain": KEYED,
    "keyless": {"id": "integer", "name": "text?"},
    "nameless": {"id": "integer?", "name": "text?"},
    "nothing": KEYED,
    "by_index": {"id": "integer", "code": "integer", "name": "text?"},
    "whole": KEYED,
    "unlogged": KEYED,
    "distant": KEYED,
    "computed": {"id": "integer", "base": "integer", "name": "text?"},
    "parted": KEYED,
    "recoded": {"name": "text"},
    "looked": {"id": "integer", "code": "integer", "name": "text?"},
    "looker": {"id": "integer", "code": "integer?"},
    "hidden": KEYED,
    "deferred": KEYED,
    ODD: KEYED,
}
SOURCE = """
CREATE TABLE plain (id int PRIMARY KEY, name text);
CREATE TABLE keyless (id int NOT NULL, name text);
CREATE UNIQUE INDEX "Keyless" ON keyless (id);
CREATE TABLE nameless (id int, name text);
CREATE TABLE nothing (id int PRIMARY KEY, name text);
ALTER TABLE nothing REPLICA IDENTITY NOTHING;
CREATE TABLE by_index (id int PRIMARY KEY, code int NOT NULL CONSTRAINT by_code UNIQUE, name text);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_code;
CREATE TABLE whole (id int PRIMARY KEY, name text);
ALTER TABLE whole REPLICA IDENTITY FULL;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, name text);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE distant (id int NOT NULL, name text) SERVER nowhere;
CREATE TABLE computed (id int GENERATED ALWAYS AS (base + 1) STORED PRIMARY KEY, base int NOT NULL, name text);
CREATE TABLE parted (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (10) TO (20);
ALTER TABLE parted_high REPLICA IDENTITY NOTHING;
CREATE TABLE recoded (id int PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE looked (id int PRIMARY KEY, code int NOT NULL UNIQUE, name text);
CREATE TABLE looker (id int PRIMARY KEY, code int);
CREATE TABLE hidden (id int PRIMARY KEY, name text);
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
CREATE TABLE deferred (id int PRIMARY KEY DEFERRABLE, name text);
CREATE TABLE "Odd ""näme"".%s" (id int PRIMARY KEY, name text);
ALTER TABLE "Odd ""näme"".%s" REPLICA IDENTITY NOTHING;
"""
TARGET = """
CREATE SCHEMA shop;
CREATE TABLE shop.plain (id int PRIMARY KEY, name text);
CREATE TABLE shop.keyless (id int PRIMARY KEY, name text);
CREATE TABLE shop.nameless (id int, name text);
CREATE TABLE shop.nothing (id int PRIMARY KEY, name text);
CREATE TABLE shop.by_index (id int PRIMARY KEY, code int NOT NULL, name text);
CREATE TABLE shop.whole (id int PRIMARY KEY, name text);
CREATE TABLE shop.unlogged (id int PRIMARY KEY, name text);
CREATE TABLE shop.distant (id int PRIMARY KEY, name text);
CREATE TABLE shop.computed (id int PRIMARY KEY, base int, name text);
CREATE TABLE shop.parted (id int PRIMARY KEY, name text);
CREATE TABLE shop.recoded (name text PRIMARY KEY);
CREATE TABLE shop.looked (id int PRIMARY KEY, code int, name text);
CREATE TABLE shop.looker (id int PRIMARY KEY, code int, name text);
CREATE TABLE shop.hidden (id int PRIMARY KEY, name text);
CREATE TABLE shop.deferred (id int PRIMARY KEY DEFERRABLE, name text);
CREATE TABLE shop."Odd ""näme"".%s" (id int PRIMARY KEY, name text);
"""


def shop_layout() -> Layout:
    """One database whose tables are all carried over; one of them looks up another."""
    maps = [TableMap(SourceTable(name, columns), f"shop.{name}") for name, columns in SHAPES.items()]
    looker = next(number for number, table_map in enumerate(maps) if table_map.source.name == "looker")
    by_code = {"found": Lookup("looked", on={"code": "code"})}
    maps[looker] = replace(maps[looker], derive={"name": "{found.name}"}, lookups=by_code)
    discards = (Discard("recoded", "names are the keys from now on", column="id"),)
    return Layout("shop", (LegacyDatabase("old", "OLD", "shop", tuple(maps), discards=discards),))


CATALOG = Catalog("shop", (Service("shop", "shop", "shop_role", tuple(SHAPES)),), owner_role="shop_owner_of_none")

PLAIN_CATALOG = replace(CATALOG, services=(Service("shop", "shop", "shop_role", ("plain",)),))
PLAIN = (TableMap(SourceTable("plain", KEYED), "shop.plain"),)
PLAIN_LAYOUT = Layout("shop", (LegacyDatabase("old", variable="OLD", service="shop", maps=PLAIN),))


def examine(world: World, policies: Policies | None = None) -> OnlineCheck:
    """Say what can be done online in a world."""
    return asyncio.run(online.check(replace(world.task(), policies=policies or Policies())))


def obstacles(answer: OnlineCheck, code: str, severity: str = "block") -> dict[str, Obstacle]:
    """Return what was found of a code, by its place."""
    return {o.finding.place: o for o in answer.obstacles if (o.finding.code, o.finding.severity) == (code, severity)}


def one(answer: OnlineCheck, code: str, place: str = "old", severity: str = "block") -> Obstacle:
    """Return the obstacle of a code at a place."""
    return obstacles(answer, code, severity)[place]


def possible(answer: OnlineCheck) -> set[Ability]:
    """Return what is possible with the one database."""
    (readiness,) = answer.databases
    return set(readiness.possible)


def run(url: DatabaseUrl, *statements: str) -> None:
    """Run statements as they are, each by itself."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())  # as it is: percent signs mean themselves


def state_of(url: DatabaseUrl, *statements: str) -> str:
    """Run statements in one session, and return the SQLSTATE with which one is refused; empty where all go well."""
    try:
        run(url, *statements)
    except psycopg.Error as error:
        return error.sqlstate or "unknown"
    return ""


@pytest.fixture
def few_rights(server: TestServer) -> Iterator[str]:
    """A login that may do nothing, and after the test is gone with all that it was granted."""
    yield from _role(server, "LOGIN PASSWORD 'secret'")


@pytest.fixture
def table_owner(server: TestServer) -> Iterator[str]:
    """A role that owns tables and can't log in."""
    yield from _role(server, "NOLOGIN")


def _role(server: TestServer, options: str) -> Iterator[str]:
    name = unique("Role of few")
    query(server.url, f'CREATE ROLE "{name}" {options}')
    yield name
    query(server.url, f'DROP ROLE "{name}"')


@pytest.fixture(scope="module")
def troubled(server: TestServer) -> Iterator[World]:
    """The source with all troubles, which a superuser reads, and its target. Each test fixes a table of its own."""
    names = [unique("online") for _ in range(2)]
    old, new = (server.create_database(name) for name in names)
    run(old, SOURCE)
    run(new, TARGET)
    yield World({"old": old}, new, shop_layout(), CATALOG)
    for name in names:
        server.drop_database(name)


@pytest.fixture
def simple(few_rights: str, table_owner: str, server: TestServer) -> Iterator[World]:
    """A source of one sound table that is not the login's own, and its target; the login may read it."""
    names = [unique("online") for _ in range(2)]
    old, new = (server.create_database(name) for name in names)
    owner = sql.Identifier(table_owner).as_string(None)
    run(
        old,
        "CREATE TABLE plain (id int PRIMARY KEY, name text)",
        f"ALTER TABLE plain OWNER TO {owner}",
        f'GRANT SELECT ON plain TO "{few_rights}"',
    )
    run(new, "CREATE SCHEMA shop", "CREATE TABLE shop.plain (id int PRIMARY KEY, name text)")
    yield World({"old": old}, new, PLAIN_LAYOUT, PLAIN_CATALOG)
    for name in names:
        server.drop_database(name)


def with_duplicate(layout: Layout) -> Layout:
    """Return the layout with a second database, which keeps a table of the first one's by hand."""
    duplicates = (DuplicateTable(SourceTable("plain", KEYED), owner="old"),)
    second = LegacyDatabase("second", variable="SECOND", service="shop", maps=(), duplicates=duplicates)
    return replace(layout, databases=(*layout.databases, second))


def login(url: DatabaseUrl, role: str) -> DatabaseUrl:
    """Return the URL for the login of few rights."""
    return DatabaseUrl({**url.params, "user": role, "password": "secret"})


def fixed(url: DatabaseUrl, obstacle: Obstacle) -> None:
    """Run what a finding gives a DBA, as a superuser."""
    assert obstacle.finding.sql, obstacle
    run(url, *obstacle.finding.sql.splitlines())


def slot_state(url: DatabaseUrl, *, wait: str = "1s") -> str:
    """Make a slot and drop it again; return the SQLSTATE with which that is refused, or empty."""
    name = unique("slot")
    made = f"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')"
    return state_of(url, f"SET statement_timeout = '{wait}'", made) or state_of(
        url, f"SELECT pg_drop_replication_slot('{name}')"
    )


def walsender_state(url: DatabaseUrl) -> str:
    """Open a session that could stream the log; return the SQLSTATE with which it is refused, or empty."""
    return asyncio.run(refused_replication(Endpoint(url, "source", "old")))
