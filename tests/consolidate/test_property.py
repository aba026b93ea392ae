"""Generated rows go through copy and verify: they arrive as they were, and any one changed cell is found."""

import asyncio
import datetime as dt
import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

COLUMNS = {
    "id": "text", "someText": "text?", "money": "numeric(65,30)?", "happenedAt": "timestamp(3)?", "doc": "jsonb?",
    "tags": "text[]?", "small": "smallint?", "whole": "integer?", "large": "bigint?", "yes": "boolean?",
    "mood": "Mood?",
}  # fmt: skip
CATALOG = Catalog("anything", (Service("any", schema="any", role="anything_any", tables=("things",)),))
LAYOUT = Layout(
    "anything",
    (LegacyDatabase("oldthings", "THINGS", "any", (TableMap(SourceTable("things", COLUMNS), "any.things"),)),),
)
SOURCE = """
CREATE TYPE "Mood" AS ENUM ('fine', 'not so fine', 'o''dd');
CREATE TABLE things (id text PRIMARY KEY, "someText" text, money numeric(65,30), "happenedAt" timestamp(3), doc jsonb,
  tags text[], small smallint, whole integer, large bigint, yes boolean, mood "Mood");
"""
TARGET = """
CREATE SCHEMA "any";
CREATE TYPE "any".mood AS ENUM ('o''dd', 'new', 'not so fine', 'fine');
CREATE TABLE "any".things (id uuid PRIMARY KEY, some_text text, money numeric(38,18), happened_at timestamptz,
  doc jsonb, tags text[], small smallint, whole integer, large bigint, yes boolean, mood "any".mood);
"""
# Both sides as texts, by plain SQL that knows nothing of the tool's rules.
SOURCE_ROWS = """
SELECT lower(translate(id, '{}', '')), "someText", money::numeric(38,18)::text,
  (("happenedAt"::text || CASE WHEN isfinite("happenedAt") THEN '+00' ELSE '' END)), doc::text, tags::text,
  small::text, whole::text, large::text, yes::text, mood::text FROM things ORDER BY 1
"""
TARGET_ROWS = """
SELECT id::text, some_text, money::text, happened_at::text, doc::text, tags::text,
  small::text, whole::text, large::text, yes::text, mood::text FROM "any".things ORDER BY 1
"""

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
awkward = st.sampled_from(
    ["", "'", '"', "\\", "\\N", "\\x00", "\t\n\r", "NULL", "{}", "{a,b}", "a,b", "é", "e\u0301", "😀" * 3]
)
words = texts | awkward
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
moments = st.sampled_from([
    "infinity", "-infinity", "4713-01-01 00:00:00 BC", "0001-12-31 23:59:59.999 BC", "294276-12-31 23:59:59.999",
]) | st.datetimes(dt.datetime(1, 1, 1)).map(lambda t: t.isoformat(timespec="milliseconds"))  # fmt: skip  # noqa: DTZ001
money = st.tuples(st.sampled_from(["", "-"]), st.integers(0, 10**20 - 1), st.integers(0, 10**18 - 1)).map(
    lambda parts: f"{parts[0]}{parts[1]}.{parts[2]:018d}"
)
ids = st.uuids().flatmap(lambda u: st.sampled_from([str(u), str(u).upper(), f"{{{u}}}"]))
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "some_text": words,
    "money": money,
    "happened_at": moments,
    "doc": documents.map(json.dumps).filter(lambda text: "\\u0000" not in text),
    "tags": st.lists(st.none() | words, max_size=4),
    "small": st.integers(-(2**15), 2**15 - 1),
    "whole": st.integers(-(2**31), 2**31 - 1),
    "large": st.integers(-(2**63), 2**63 - 1),
    "yes": st.booleans(),
    "mood": st.sampled_from(["fine", "not so fine", "o'dd"]),
}
rows = st.lists(
    st.tuples(ids, *(st.none() | cell for cell in CELLS.values())), max_size=16, unique_by=lambda row: uuid.UUID(row[0])
)
generously = settings(
    deadline=None, max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture(scope="module")
def things(server: Any, migrated_template: str) -> Iterator[World]:
    """One pair of databases for all examples: each begins by emptying them."""
    names = [f"{migrated_template}_{side}" for side in ("old", "new")]
    source, target = (server.create_database(name) for name in names)
    query(source, SOURCE)
    query(target, TARGET)
    yield World({"oldthings": source}, target, LAYOUT, CATALOG)
    for name in names:
        server.drop_database(name)


def fill(world: World, generated: list[tuple[Any, ...]]) -> None:
    with psycopg.connect(world.urls["oldthings"].conninfo()) as connection:
        connection.execute("TRUNCATE things")
        marks = '%s, %s, %s::numeric, %s::timestamp, %s::jsonb, %s::text[], %s, %s, %s, %s, %s::"Mood"'
        connection.cursor().executemany(f"INSERT INTO things VALUES ({marks})", generated)
    with psycopg.connect(world.target.conninfo()) as connection:
        connection.execute('TRUNCATE "any".things')
        if connection.execute("SELECT to_regclass('payrollx_meta.runs')").fetchone() != (None,):
            connection.execute("TRUNCATE payrollx_meta.runs CASCADE")


def as_texts(world: World) -> tuple[list[Any], list[Any]]:
    found = []
    for url, statement in ((world.urls["oldthings"], SOURCE_ROWS), (world.target, TARGET_ROWS)):
        with psycopg.connect(url.conninfo(), options="-c TimeZone=UTC -c DateStyle=ISO") as connection:
            found.append(sorted(connection.execute(statement).fetchall(), key=lambda row: row[0]))  # type: ignore[arg-type]
    return found[0], found[1]


def before_christ(text: str | None) -> str | None:
    """``BC`` comes last, also after the time zone."""
    return text.replace(" BC+00", "+00 BC") if text else text


@generously
@given(generated=rows)
def test_rows_arrive_as_they_were(things: World, generated: list[tuple[Any, ...]]) -> None:
    fill(things, generated)

    report = things.copy()
    verdict = things.verify()

    ours, theirs = as_texts(things)
    assert [(*row[:3], before_christ(row[3]), *row[4:]) for row in ours] == theirs
    assert len(theirs) == len(generated) == report.tables[0].rows_read
    assert verdict.identical


@generously
@given(generated=rows.filter(bool), data=st.data())
def test_any_changed_cell_is_found(things: World, generated: list[tuple[Any, ...]], data: st.DataObject) -> None:
    """Whatever one value becomes another: the row and the column are named, and nothing else."""
    fill(things, generated)
    things.copy()
    row = data.draw(st.sampled_from(generated))
    column = data.draw(st.sampled_from(sorted(CELLS)))
    new = data.draw(st.none() | CELLS[column])
    casts = {"doc": "jsonb", "tags": "text[]", "mood": '"any".mood', "happened_at": "timestamptz", "money": "numeric"}
    cast = f"%s::{casts[column]}" if column in casts else "%s"
    key = str(uuid.UUID(row[0]))
    old = query(things.target, f'SELECT {column}::text FROM "any".things WHERE id = %s', (key,))
    query(things.target, f'UPDATE "any".things SET {column} = {cast} WHERE id = %s', (new, key))
    differs = old != query(things.target, f'SELECT {column}::text FROM "any".things WHERE id = %s', (key,))

    (table,) = asyncio.run(pipeline.verify(things.task())).tables

    found = [(d.key, d.kind, d.columns) for d in table.result.differences]
    assert found == ([({"id": key}, "changed", (column,))] if differs else [])
