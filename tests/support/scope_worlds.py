"""Several sources of one shape that fill the same tables, each its own rows: houses with people, posts and likes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from conftest import TestServer, unique
from worlds import World, query

from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

HOUSES = ("ash", "birch", "cedar")  # cedar's database is of an older shape
TABLES = ("people", "posts", "likes", "notes")

SOURCE = """
CREATE TABLE people (id text PRIMARY KEY, email text UNIQUE, nick text, boss text REFERENCES people);
CREATE TABLE posts (
  id text PRIMARY KEY, author text NOT NULL REFERENCES people, words int, reply_to text REFERENCES posts);
CREATE TABLE likes (post text REFERENCES posts, person text REFERENCES people, PRIMARY KEY (post, person));
CREATE TABLE notes (id text PRIMARY KEY, person text, body text);
INSERT INTO people SELECT 'p' || n, 'e' || n || '@example.org', 'n' || n, 'p' || (n % 5 + 1)
  FROM generate_series(1, 8) n;
INSERT INTO posts SELECT 'm' || n, 'p' || (n % 8 + 1), n * 10, CASE WHEN n < 12 THEN 'm' || n + 1 END
  FROM generate_series(1, 12) n;
INSERT INTO likes SELECT 'm' || n, 'p' || (n % 8 + 1) FROM generate_series(1, 12) n;
INSERT INTO notes SELECT 'x' || n, 'p' || n, 'body ' || n FROM generate_series(1, 6) n;
"""
OLDER = "ALTER TABLE people DROP COLUMN nick; DROP TABLE notes;"

TARGET = """
CREATE SCHEMA app;
CREATE TABLE app.houses (id {kind} PRIMARY KEY, name text);
CREATE TABLE app.people (
  house {kind} NOT NULL REFERENCES app.houses ON DELETE CASCADE, id text, email text, nick text, boss text,
  PRIMARY KEY (house, id), UNIQUE (house, email), FOREIGN KEY (house, boss) REFERENCES app.people){partition};
CREATE TABLE app.posts (
  house {kind} NOT NULL REFERENCES app.houses ON DELETE CASCADE, id text, author text NOT NULL, words int,
  reply_to text,
  PRIMARY KEY (house, id), FOREIGN KEY (house, author) REFERENCES app.people ON DELETE CASCADE,
  FOREIGN KEY (house, reply_to) REFERENCES app.posts){partition};
CREATE INDEX ON app.posts (house, author);
CREATE TABLE app.likes (
  house {kind} NOT NULL, post text, person text, PRIMARY KEY (house, post, person),
  FOREIGN KEY (house, post) REFERENCES app.posts, FOREIGN KEY (house, person) REFERENCES app.people){partition};
CREATE TABLE app.notes (
  house {kind} NOT NULL REFERENCES app.houses ON DELETE CASCADE, id text, person text, body text,
  PRIMARY KEY (house, id)){partition};
"""

PEOPLE = {"id": "text", "email": "text?", "nick": "text?", "boss": "text?"}
POSTS = {"id": "text", "author": "text", "words": "integer?", "reply_to": "text?"}
LIKES = {"post": "text", "person": "text"}
NOTES = {"id": "text", "person": "text?", "body": "text?"}
COLUMNS = {"people": PEOPLE, "posts": POSTS, "likes": LIKES, "notes": NOTES}

# Everything of the target but the rows of one house, by which another's are seen to stay as they are.
OTHERS = (
    "SELECT 'people', xmin::text, t::text FROM app.people t WHERE house::text <> %(house)s"
    " UNION ALL SELECT 'posts', xmin::text, t::text FROM app.posts t WHERE house::text <> %(house)s"
    " UNION ALL SELECT 'likes', xmin::text, t::text FROM app.likes t WHERE house::text <> %(house)s"
    " UNION ALL SELECT 'notes', xmin::text, t::text FROM app.notes t WHERE house::text <> %(house)s ORDER BY 1, 3"
)


def maps_of(scope: Mapping[str, str], *, older: bool = False) -> tuple[TableMap, ...]:
    """Return the maps of one house's database; of an ``older`` one, a table and a column aren't there."""
    columns = COLUMNS | ({"people": {name: kind for name, kind in PEOPLE.items() if name != "nick"}} if older else {})
    return tuple(
        TableMap(
            SourceTable(name, columns[name]), f"app.{name}", scope=scope,
            new=("nick",) if older and name == "people" else (),
        )
        for name in TABLES
        if not (older and name == "notes")
    )  # fmt: skip


def layout_of(constants: Mapping[str, str] | None = None, houses: Sequence[str] = HOUSES) -> Layout:
    """Return the layout of these houses, each with the constant of its scope (default: its name)."""
    databases = tuple(
        LegacyDatabase(
            house, house.upper(), "app", maps_of({"house": (constants or {}).get(house, house)}, older=house == "cedar")
        )
        for house in houses
    )
    return Layout("houses", databases)


def catalog_of() -> Catalog:
    """Return the catalog of the shared tables."""
    references = (
        Reference("app.people", ("house",), "app.houses", ("id",), enforced=True),
        Reference("app.notes", ("house", "person"), "app.people", ("house", "id"), enforced=False),
    )
    tables = ("houses", *TABLES)
    return Catalog("houses", (Service("app", schema="app", role="houses_app", tables=tables),), references=references)


def shared_target(kind: str = "text", *, partitions: Sequence[str] = ()) -> str:
    """Return the script of the target, whose scope is of type ``kind``; with a partition for each of ``partitions``."""
    script = TARGET.format(kind=kind, partition=" PARTITION BY LIST (house)" if partitions else "")
    for table in TABLES if partitions else ():
        for number, constant in enumerate(partitions):
            script += f"CREATE TABLE app.{table}_{number} PARTITION OF app.{table} FOR VALUES IN ('{constant}');\n"
    return script


def make_target(world: World, script: str, constants: Sequence[str] = HOUSES) -> None:
    """Make the target's tables anew, by ``script``, with the houses, and forget all runs."""
    schemas = "DROP SCHEMA IF EXISTS app, payrollx_meta CASCADE; "
    houses = "".join(f"INSERT INTO app.houses VALUES ('{constant}', 'a house'); " for constant in constants)
    query(world.target, schemas + script + houses)


def of_houses(world: World, *houses: str) -> World:
    """Return the world with the databases of these houses alone, as for a run of theirs."""
    chosen = tuple(database for database in world.layout.databases if database.name in houses)
    return replace(
        world, urls={name: world.urls[name] for name in houses}, layout=replace(world.layout, databases=chosen)
    )


def others_of(world: World, house: str) -> list[tuple[Any, ...]]:
    """Return all rows of the target that aren't of a house, with the transactions that wrote them."""
    return query(world.target, OTHERS.replace("%(house)s", f"'{house}'"))


@pytest.fixture(scope="session")
def house_databases(server: TestServer) -> Iterator[World]:
    """The databases of the houses, and a target, without tables."""
    urls = {house: server.create_database(unique(f"scope_{house}")) for house in HOUSES}
    target = server.create_database(unique("scope"))
    yield replace(World(urls, target), layout=layout_of(), catalog=catalog_of())
    for url in (*urls.values(), target):
        server.drop_database(url.dbname)


@pytest.fixture
def houses(house_databases: World) -> World:
    """Three houses with equal ids, and the target that is to have them all."""
    for house, url in house_databases.urls.items():
        query(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; " + SOURCE + (OLDER if house == "cedar" else ""))
    make_target(house_databases, shared_target())
    return replace(house_databases, events=[])
