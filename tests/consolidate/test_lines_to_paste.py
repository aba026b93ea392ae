"""What the plan misses comes with the line that accounts for it; pasted into the layout, nothing is missing."""

import json
from dataclasses import replace
from typing import Any

import pytest
from rule_worlds import MakeTables
from worlds import World

from payrollx_db.consolidate.plan.mapping import Mismatch
from payrollx_db.model.layout import Discard, Layout, SourceTable, TableMap

SOURCE = """
CREATE TABLE people (id integer PRIMARY KEY, "fullName" text, age smallint, "odd ""column\\%" text[] NOT NULL);
CREATE TABLE "Visits" (id integer PRIMARY KEY, at timestamp(3) NOT NULL, "person" integer);
CREATE TABLE "odd.""tab\\le%'" (id integer);
CREATE SEQUENCE nobodys;
"""
TARGET = """
CREATE TABLE app.people (id integer PRIMARY KEY, name text, age integer, score integer, note text,
  "odd ""column\\%" text[]);
CREATE TABLE app.visits (id integer PRIMARY KEY, at timestamptz, person integer);
"""
KNOWN = {"people": {"id": "integer", "fullName": "text?", "age": "integer?"}}


@pytest.fixture
def world(make_tables: MakeTables) -> World:
    return make_tables(SOURCE, TARGET, KNOWN, more=("visits",))


def mismatches(world: World) -> dict[str, Mismatch]:
    return {mismatch.place: mismatch for mismatch in world.plan().mismatches}


def lines(mismatch: Mismatch) -> dict[str, Any]:
    """Return what each line says, evaluated as Python, by the argument of the layout that it belongs to."""
    names = {"Discard": Discard, "TableMap": TableMap, "SourceTable": SourceTable}
    values = {}
    for line in mismatch.lines:
        argument = line.where.partition(" ")[0]
        text = line.text.removesuffix(",")
        if argument in ("rename", "new"):
            values[argument] = eval(f"dict({text})", names)[argument]  # noqa: S307 - ours, and that is the point
        elif argument == "columns":
            values[argument] = eval("{" + text + "}", names)  # noqa: S307
        else:
            values[argument] = eval(text, names)  # noqa: S307
    return values


def test_each_mismatch_is_accounted_for_by_its_line(world: World) -> None:
    found = mismatches(world)
    (table_map,) = world.layout.databases[0].maps
    discards = [
        lines(found["old.public.odd.\"tab\\le%'"])["discards"],
        lines(found["old.public.nobodys"])["discards"],
    ]
    visits = lines(found["old.public.Visits"])["maps"]
    assert visits == TableMap(
        SourceTable("Visits", {"id": "integer", "at": "timestamp(3)", "person": "integer?"}), "app.visits"
    )
    columns: dict[str, str] = {**table_map.source.columns}
    for column in ("age", 'odd "column\\%'):
        columns |= lines(found[f"old.public.people.{column}"])["columns"]
    renaming = lines(found["old.public.people.fullName"])["rename"]
    new = lines(found["app.people.score"])["new"]
    assert renaming == {"fullName": "name"}
    assert set(new) == {"name", "score", "note", 'odd "column\\%'}

    unfilled = tuple(name for name in new if name not in (*renaming.values(), *columns))
    mapped = TableMap(SourceTable("people", columns), "app.people", rename=renaming, new=unfilled)
    database = replace(world.layout.databases[0], maps=(mapped, visits), discards=tuple(discards))
    world.layout = Layout("rules", (database,))

    assert [str(mismatch) for mismatch in world.plan().mismatches] == []
    assert world.copy().run.status == "done"


def test_columns_can_be_discarded_too(world: World) -> None:
    column = lines(mismatches(world)['old.public.people.odd "column\\%'])

    assert column["discards"] == Discard("people", "say why it is left behind", column='odd "column\\%')


def test_the_lines_are_data_as_well(world: World) -> None:
    document = world.plan().document()
    by_place = {entry["place"]: entry["paste"] for entry in document["unaccounted"]}

    assert by_place["app.people.score"][0]["where"] == 'new of the TableMap to "app.people"'
    assert json.loads(json.dumps(document))
