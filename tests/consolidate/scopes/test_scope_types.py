"""Scopes of other types than text, of odd names, over partitions, and in a circle of foreign keys."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import psycopg
import pytest
from scope_worlds import HOUSES, layout_of, make_target, of_houses, others_of, shared_target
from worlds import World, query, snapshot_of

from payrollx_db.consolidate import pipeline
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

UUIDS = {name: f"0000000{number}-aaaa-4bbb-8ccc-dddddddddddd" for number, name in enumerate(HOUSES)}
INTEGERS = {"ash": "7", "birch": "-70", "cedar": "700"}
ODD = {"ash": 'a\'s "h"', "birch": "50%s; --", "cedar": "back\\slash é"}
HENS = """
DROP TABLE likes, posts, notes, people;
CREATE TABLE hens (id text PRIMARY KEY, egg text);
CREATE TABLE eggs (id text PRIMARY KEY, hen text NOT NULL);
INSERT INTO hens SELECT n, n FROM generate_series(1, 5) n;
INSERT INTO eggs SELECT n, 6 - n FROM generate_series(1, 5) n;
"""
COUNTS = "SELECT house::text, count(*) FROM app.people GROUP BY 1"


@pytest.mark.parametrize(
    ("kind", "constants"),
    [
        ("uuid", UUIDS),
        pytest.param("integer", INTEGERS, marks=pytest.mark.long),
        pytest.param("varchar(40)", ODD, marks=pytest.mark.long),
        pytest.param("char(4)", {"ash": "a", "birch": "b", "cedar": "c"}, marks=pytest.mark.long),
    ],
)
def test_scopes_are_of_any_type(houses: World, kind: str, constants: Mapping[str, str]) -> None:
    query(houses.target, "DROP SCHEMA app CASCADE")
    make_target(houses, shared_target(kind), ())
    for constant in constants.values():
        query(houses.target, "INSERT INTO app.houses VALUES (%s, '')", [constant])
    world = replace(houses, layout=layout_of(constants))

    of_houses(world, "ash").copy()
    of_houses(world, "birch", "cedar").copy()

    assert dict(query(world.target, COUNTS)) == dict.fromkeys(constants.values(), 8)
    assert world.verify().identical
    asyncio.run(pipeline.copy(of_houses(world, "birch").task(), restart=True))
    assert world.verify().identical


def test_scopes_are_partitions(houses: World) -> None:
    make_target(houses, shared_target(partitions=HOUSES))
    before = snapshot_of(houses.target)["objects"]

    of_houses(houses, "ash").copy()
    of_houses(houses, "birch", "cedar").copy()

    assert houses.verify().identical
    others = others_of(houses, "birch")
    asyncio.run(pipeline.copy(of_houses(houses, "birch").task(), restart=True))
    assert others_of(houses, "birch") == others
    assert houses.verify().identical
    assert snapshot_of(houses.target)["objects"] == before


@pytest.mark.parametrize(
    ("kind", "constants", "code"),
    [
        ("integer", {"ash": "seven", "birch": "8", "cedar": "9"}, "type"),
        ("integer", {"ash": "7", "birch": "007", "cedar": "9"}, "type"),
        ("varchar(3)", {"ash": "abcd", "birch": "abce", "cedar": "x"}, "type"),
        ("uuid", UUIDS | {"ash": UUIDS["ash"].upper()}, "type"),
        ("text COLLATE app.loose", {"ash": "A", "birch": "a", "cedar": "x"}, "ambiguous"),
    ],
)
def test_constants_that_are_none_or_one_value_are_refused(
    houses: World, kind: str, constants: Mapping[str, str], code: str
) -> None:
    loose = "CREATE COLLATION app.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
    script = shared_target(kind).replace("CREATE SCHEMA app;", f"CREATE SCHEMA app;{loose if 'loose' in kind else ''}")
    try:
        make_target(houses, script, ())
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("the server has no ICU")

    found = replace(houses, layout=layout_of(constants)).plan().mismatches

    assert code in {m.code for m in found}
    assert {m.place for m in found} == {f"app.{name}.house" for name in ("people", "posts", "likes", "notes")}


def test_a_circle_of_keys_is_filled_scope_by_scope(houses: World) -> None:
    query(
        houses.target,
        'CREATE TABLE app."He%s" ("Te""n" text, id text, egg text, PRIMARY KEY ("Te""n", id));'
        'CREATE TABLE app.eggs ("Te""n" text, id text, hen text NOT NULL, PRIMARY KEY ("Te""n", id),'
        ' CONSTRAINT laid FOREIGN KEY ("Te""n", hen) REFERENCES app."He%s");'
        'ALTER TABLE app."He%s" ADD CONSTRAINT came FOREIGN KEY ("Te""n", egg) REFERENCES app.eggs',
    )
    sources = {"hens": {"id": "text", "egg": "text?"}, "eggs": {"id": "text", "hen": "text"}}
    targets = {"hens": "app.He%s", "eggs": "app.eggs"}
    databases = []
    for name in ("ash", "birch"):
        query(houses.urls[name], HENS)
        maps = tuple(
            TableMap(SourceTable(t, columns), targets[t], scope={'Te"n': f"{name}%s"}) for t, columns in sources.items()
        )
        databases.append(LegacyDatabase(name, name.upper(), "app", maps))
    catalog = Catalog("hens", (Service("app", schema="app", role="hens_app", tables=("He%s", "eggs")),))
    world = replace(of_houses(houses, "ash", "birch"), layout=Layout("hens", tuple(databases)), catalog=catalog)
    before = snapshot_of(houses.target)["objects"]

    of_houses(world, "ash").copy()
    of_houses(world, "birch").copy()

    assert world.verify().identical
    assert snapshot_of(houses.target)["objects"] == before
    asyncio.run(pipeline.copy(of_houses(world, "ash").task(), restart=True))
    assert world.verify().identical
