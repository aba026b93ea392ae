"""A club's three databases: one owns the members, whose key has two columns, and two keep duplicates of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import TestServer, unique
from worlds import World, query

from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import DuplicateTable, Layout, LegacyDatabase, SourceTable, TableMap

CATALOG = Catalog(
    "club",
    (
        Service("people", schema="people", role="club_people", tables=("levels", "members")),
        Service("shop", schema="shop", role="club_shop", tables=("orders",)),
        Service("mail", schema="mail", role="club_mail", tables=("letters",)),
    ),
    (Reference("shop.orders", "level", "people.levels", "id", enforced=True),),
    owner_role="club_owner",
)

MEMBERS = SourceTable(
    "members",
    {"region": "text", "number": "integer", "name": "text?", "badge": "text?", "score": "float8?",
     "updatedAt": "timestamptz?"},
)  # fmt: skip
LEVELS = TableMap(SourceTable("levels", {"id": "integer", "title": "text"}), "people.levels")
ORDERS = TableMap(SourceTable("orders", {"id": "integer", "level": "integer", "price": "text"}), "shop.orders")
LETTERS = TableMap(SourceTable("letters", {"id": "integer", "body": "text"}), "mail.letters")
COPIED_MEMBERS = (DuplicateTable(MEMBERS, owner="oldpeople"),)

LAYOUT = Layout(
    "club",
    (
        LegacyDatabase(
            "oldpeople",
            variable="PEOPLE",
            service="people",
            maps=(LEVELS, TableMap(MEMBERS, "people.members")),
        ),
        LegacyDatabase("oldshop", variable="SHOP", service="shop", maps=(ORDERS,), duplicates=COPIED_MEMBERS),
        LegacyDatabase("oldmail", variable="MAIL", service="mail", maps=(LETTERS,), duplicates=COPIED_MEMBERS),
    ),
)

SOURCE_MEMBERS = """
CREATE TABLE members (region text, number integer, name text, badge text, score float8, "updatedAt" timestamptz,
  PRIMARY KEY (region, number));
INSERT INTO members
  SELECT r, n, 'member ' || r || n, '00000000-0000-4000-8000-00000000000' || n, 0.1 + n / 3.0, '2024-01-01'
  FROM unnest(ARRAY['north', 'so"uth']) AS r, generate_series(1, 5) AS n;
"""
SOURCES = {
    "oldpeople": SOURCE_MEMBERS
    + """
CREATE TABLE levels (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO levels VALUES (1, 'one'), (2, 'two');
""",
    "oldshop": SOURCE_MEMBERS
    + """
CREATE TABLE orders (id integer PRIMARY KEY, level integer NOT NULL, price text NOT NULL);
INSERT INTO orders SELECT n, 1 + n % 2, n || '.50' FROM generate_series(1, 6) AS n;
""",
    "oldmail": SOURCE_MEMBERS
    + """
CREATE TABLE letters (id integer PRIMARY KEY, body text NOT NULL);
INSERT INTO letters SELECT n, 'letter ' || n FROM generate_series(1, 3) AS n;
""",
}
TARGET = """
CREATE SCHEMA people; CREATE SCHEMA shop; CREATE SCHEMA mail;
CREATE TABLE people.levels (id integer PRIMARY KEY, title text NOT NULL);
CREATE TABLE people.members (region text, number integer, name text, badge uuid,
  score float8 CHECK (score < 1000), updated_at timestamptz, PRIMARY KEY (region, number));
CREATE TABLE shop.orders (id integer PRIMARY KEY, price text NOT NULL,
  level integer NOT NULL REFERENCES people.levels DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE mail.letters (id integer PRIMARY KEY, body text NOT NULL);
"""

# What the command line is told of whose databases these are.
NAMES = {"PAYROLLX_CATALOG": "club_worlds:CATALOG", "PAYROLLX_FROM": "club_worlds:LAYOUT"}


def key(region: str, number: int) -> str:
    """Return a member's key as quarantine writes it."""
    return json.dumps([region, str(number)])


@pytest.fixture
def club(server: TestServer) -> Iterator[World]:
    """The club's databases, equal rows in all three, and an empty target."""
    scripts = {**SOURCES, "club": TARGET}
    urls: dict[str, Any] = {}
    try:
        for name, script in scripts.items():
            urls[name] = server.create_database(unique(name))
            query(urls[name], script)
        target = urls["club"]
        yield World({name: urls[name] for name in SOURCES}, target, LAYOUT, CATALOG)
    finally:
        for url in urls.values():
            server.drop_database(url.dbname)
