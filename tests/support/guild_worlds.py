"""A guild's two databases: members, who become two tables, and payments that point at them across the line."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import unique
from worlds import World, query

from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, Lookup, SourceTable, TableMap

CATALOG = Catalog(
    "guild",
    (
        Service("hall", schema="hall", role="guild_hall", tables=("members", "badges")),
        Service("till", schema="till", role="guild_till", tables=("payments",)),
    ),
    (Reference("till.payments", "member", "hall.members", "id", enforced=True),),
    owner_role="guild_owner",
)
LAYOUT = Layout(
    "guild",
    (
        LegacyDatabase(
            "oldhall",
            variable="HALL",
            service="hall",
            maps=(
                TableMap(
                    SourceTable("members", {"id": "text", "rank": "Rank", "name": "text?", "height": "numeric?"}),
                    "hall.members",
                    new=frozenset({"note"}),
                ),
                TableMap(
                    SourceTable("members", {"id": "text", "rank": "Rank", "name": "text?", "height": "numeric?"}),
                    "hall.badges",
                    rename={"id": "member"},
                ),
            ),
        ),
        LegacyDatabase(
            "oldtill",
            variable="TILL",
            service="till",
            maps=(
                TableMap(
                    SourceTable("payments", {"id": "integer", "member": "text?", "amount": "text"}),
                    "till.payments",
                    derive={"amount": "{amount}::numeric(10,2)"},
                ),
            ),
        ),
    ),
)
HALL = """
CREATE TYPE "Rank" AS ENUM ('LOW', 'HIGH', 'ODD');
CREATE TABLE members (id text PRIMARY KEY, rank "Rank" NOT NULL, name text, height numeric);
INSERT INTO members SELECT format('00000000-0000-4000-8000-0000000000%s', 10 + n), 'LOW', 'member ' || n, 1.5
  FROM generate_series(0, 9) AS n;
"""
TILL = """
CREATE TABLE payments (id integer PRIMARY KEY, member text, amount text NOT NULL);
INSERT INTO payments SELECT n, format('00000000-0000-4000-8000-0000000000%s', 10 + n), n || '.50'
  FROM generate_series(0, 9) AS n;
"""
TARGET = """
CREATE SCHEMA hall; CREATE SCHEMA till;
CREATE TYPE hall.rank AS ENUM ('LOW', 'HIGH');
CREATE TABLE hall.members (id uuid PRIMARY KEY, rank hall.rank NOT NULL, name text UNIQUE, height numeric(6,2),
  note text, CHECK (height < 10));
CREATE TABLE hall.badges (member uuid PRIMARY KEY, rank hall.rank NOT NULL);
CREATE TABLE till.payments (id integer PRIMARY KEY, member uuid REFERENCES hall.members, amount numeric(10,2) NOT NULL);
"""


RECEIPTS = "CREATE TABLE receipts (id integer PRIMARY KEY, payment integer); INSERT INTO receipts VALUES (1, 2)"


def with_receipts(*, amount: bool = False) -> tuple[Layout, Catalog]:
    """Return the guild's layout and catalog with a third table, whose rows point at payments.

    With ``amount``, they look up their payment's, and no foreign key holds them.
    """
    old = LAYOUT.databases[1]
    looking: dict[str, Any] = {}
    if amount:
        looking = {
            "derive": {"amount": "{paid.amount}::numeric(10,2)"},
            "lookups": {"paid": Lookup("payments", on={"id": "payment"})},
        }
    receipts = TableMap(SourceTable("receipts", {"id": "integer", "payment": "integer?"}), "till.receipts", **looking)
    services = (CATALOG.services[0], replace(CATALOG.services[1], tables=("payments", "receipts")))
    reference = Reference("till.receipts", "payment", "till.payments", "id", enforced=not amount)
    return (
        replace(LAYOUT, databases=(LAYOUT.databases[0], replace(old, maps=(*old.maps, receipts)))),
        replace(CATALOG, services=services, references=(*CATALOG.references, reference)),
    )


def chained(guild: World) -> World:
    """Return the guild with a receipt for payment 2, which a foreign key holds: a chain of three tables."""
    query(guild.urls["oldtill"], RECEIPTS)
    query(guild.target, "CREATE TABLE till.receipts (id integer PRIMARY KEY, payment integer REFERENCES till.payments)")
    return World(guild.urls, guild.target, *with_receipts())


@pytest.fixture
def guild(logical_server: Any) -> Iterator[World]:
    """Two databases: members, who become two tables, and payments that point at them."""
    names = {name: unique(name) for name in ("oldhall", "oldtill", "guild")}
    urls = {}
    try:
        for name, script in (("oldhall", HALL), ("oldtill", TILL), ("guild", TARGET)):
            urls[name] = logical_server.create_database(names[name])
            query(urls[name], script)
        target = urls.pop("guild")
        yield World(urls, target, LAYOUT, CATALOG)
    finally:
        for name in names.values():
            logical_server.drop_database(name)
