"""What other tools that make models from a database were reported to get wrong, drafted by ours.

Unique over an expression (django 27533, peewee 2075), INCLUDE columns taken for keys (mssql-django 338), composite keys
over columns that are called otherwise as attributes (django 37203), composite keys at all (entimport 21), a table whose
composite key points at itself through a column of it (dbml 222), composite types of domains (jOOQ 7070), enums of
another schema (sqlboiler 1225), names that are none in Python (sqlacodegen 10, sqlc-gen-better-python 160), arrays of
enums (sqlacodegen 454), defaults and comments of several lines (sqlacodegen 12 and 156, prisma 1382 and 1704),
functions of generated columns that name others without a schema (supabase/cli 3921).
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import call
from conftest import TestServer, unique
from drafts import ask, draft, fill
from sqlalchemy import NullPool, create_engine, inspect, select
from sqlalchemy.orm import Session

from payrollx_db.postgres.url import DatabaseUrl

PACKAGE = "drafted_reports"
TABLES = """
CREATE SCHEMA kinds;
CREATE SCHEMA shop;
CREATE TYPE kinds.state AS ENUM ('open', 'shut');
CREATE DOMAIN shop.big AS numeric(40, 0) CHECK (VALUE > 0);
CREATE TYPE shop.pair AS (one shop.big, other integer);
CREATE TABLE shop.folded (
  id serial PRIMARY KEY, place integer, label text, other integer, seen kinds.state NOT NULL DEFAULT 'open',
  two shop.pair
);
CREATE UNIQUE INDEX folded_place ON shop.folded (place, lower(label));
CREATE UNIQUE INDEX folded_nothing ON shop.folded (id, place, coalesce(other, -1));
CREATE UNIQUE INDEX folded_other ON shop.folded (other) INCLUDE (place);
CREATE TABLE shop.pass ("class" integer, "from" text, "1st" date, PRIMARY KEY ("class", "from"));
CREATE TABLE shop.stamp (
  id integer PRIMARY KEY, "class" integer NOT NULL, "from" text NOT NULL,
  FOREIGN KEY ("class", "from") REFERENCES shop.pass
);
CREATE TABLE shop.linked (
  name text, id text, linked_name text NOT NULL, PRIMARY KEY (name, id),
  FOREIGN KEY (linked_name, id) REFERENCES shop.linked (name, id)
);
CREATE TABLE shop.odd (
  id integer PRIMARY KEY, "reply-to" text NOT NULL DEFAULT '', "3p%" text, "100%" integer, metadata text,
  registry integer, "__init__" integer, states kinds.state[] NOT NULL DEFAULT '{open}',
  body text DEFAULT E'it''s "\\\\" % {x} --- []\\n', at timestamptz DEFAULT (now() AT TIME ZONE 'utc')
);
COMMENT ON TABLE shop.odd IS E'This\\nis \"\"\" a \\\\multi-line comment %s {y}';
SET search_path TO shop;
CREATE FUNCTION shop.short(bytea) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT encode($1, 'hex') $$;
CREATE FUNCTION shop.short(uuid) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT short(uuid_send($1)) $$;
CREATE TABLE shop.shortened (id uuid PRIMARY KEY, name text GENERATED ALWAYS AS (shop.short(id)) STORED);
RESET search_path;
"""


@pytest.fixture(scope="module")
def reported(server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DatabaseUrl, Path]]:
    """The database and the project that was drafted from it, which is on sys.path."""
    name, folder = unique("reported"), tmp_path_factory.mktemp("reported") / "mine"
    url = server.create_database(name)
    fill(url, TABLES)
    done = draft(url, folder, "--package", PACKAGE, "--schema", "shop", "--schema", "kinds")
    assert done.returncode == 0, done.stderr
    sys.path.insert(0, str(folder))
    yield url, folder
    sys.path.remove(str(folder))
    for module in [module for module in sys.modules if module.partition(".")[0] == PACKAGE]:
        del sys.modules[module]
    server.drop_database(name)


def shop() -> Any:
    return importlib.import_module(f"{PACKAGE}.shop")


def test_a_unique_index_is_over_what_it_is_over(reported: tuple[DatabaseUrl, Path]) -> None:
    """Not over the plain columns among expressions alone, nor over what it only includes."""
    table = shop().Folded.__table__
    assert {column.name for column in table.columns if column.unique} <= {"other"}
    uniques = {index.name: len(index.expressions) for index in table.indexes if index.unique}
    assert uniques == {"folded_place": 2, "folded_nothing": 3, "folded_other": 1}
    assert [
        constraint.name for constraint in table.constraints if constraint.__visit_name__ == "unique_constraint"
    ] == []


def test_composite_keys_are_of_the_attributes_that_the_columns_became(reported: tuple[DatabaseUrl, Path]) -> None:
    mapper = inspect(shop().Pass)
    assert [column.name for column in mapper.primary_key] == ["class", "from"]
    assert [relationship.mapper.class_.__name__ for relationship in inspect(shop().Stamp).relationships] == ["Pass"]


def test_a_key_that_points_at_its_own_table_through_its_own_column_is_a_relationship(
    reported: tuple[DatabaseUrl, Path],
) -> None:
    linked = shop().Linked
    engine = create_engine(reported[0].sqlalchemy(), poolclass=NullPool)  # which keeps no session open
    with Session(engine) as session:
        first = linked(name="a", id="1", linked_name="a")
        session.add(first)
        session.flush()
        session.add(linked(name="b", id="1", linked_name="a"))
        session.flush()
        session.expire_all()
        second = session.scalars(select(linked).filter_by(name="b")).one()
        (leading,) = (r.key for r in inspect(linked).relationships if r.direction.name == "MANYTOONE")
        assert getattr(second, leading) is first


def test_names_defaults_and_comments_that_are_no_python(reported: tuple[DatabaseUrl, Path]) -> None:
    odd = shop().Odd
    attributes = {inspect(odd).get_property_by_column(column).key: column.name for column in odd.__table__.columns}

    assert attributes["reply_to"] == "reply-to"
    assert attributes["metadata_"] == "metadata"
    assert {"3p%", "100%", "__init__"} <= set(attributes.values())
    assert all(name.isidentifier() for name in attributes)
    assert odd.__table__.comment == 'This\nis """ a \\multi-line comment %s {y}'
    assert odd.__table__.columns["states"].type.item_type.schema == "kinds"


def test_migrations_make_the_same_and_nothing_differs(
    reported: tuple[DatabaseUrl, Path], database: DatabaseUrl
) -> None:
    env = {"DATABASE_URL": database.plain, "PAYROLLX_CATALOG": f"{PACKAGE}.catalog:CATALOG"}
    for arguments in (("migrate",), ("migrate", "--check")):
        done = call(arguments, env, reported[1])
        assert done.returncode == 0, (done.stdout, done.stderr)
    shapes = (
        "SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a WHERE a.attrelid = 'shop.folded'::regclass"
    )
    tables = "'shop.odd'::regclass, 'shop.shortened'::regclass"
    defaults = f"SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid IN ({tables})"
    assert sorted(ask(database, defaults)) == sorted(ask(reported[0], defaults))
    assert sorted(ask(database, shapes)) == sorted(ask(reported[0], shapes))
