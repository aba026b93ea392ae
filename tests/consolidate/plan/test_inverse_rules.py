"""Each rule's inverse, over generated values: forward, stored, and back again gives the value itself."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from conftest import unique
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from worlds import World, query

from payrollx_db.consolidate.plan.inverse.ways import WayBack, ways_back
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

# By column: the legacy type, the target's, and values as texts.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=18)
awkward = st.sampled_from(["", " ", "a ", "NULL", "{a}", "e\u0301", "É", "\\x41", "😀"])
words = texts | awkward
whole = st.integers(-(2**15), 2**15 - 1).map(str)
moments = st.sampled_from(["infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999"]) | (
    st.datetimes(dt.datetime(1, 1, 1)).map(lambda t: t.isoformat(timespec="milliseconds"))  # noqa: DTZ001
)
cents = st.integers(-(10**9), 10**9).map(lambda n: f"{n // 100}.{n % 100:02d}") | st.just("NaN")
labels = st.sampled_from(["fine", "not so fine", "o'dd"])
PAIRS: Mapping[str, tuple[str, str, st.SearchStrategy[str]]] = {
    "same_text": ("text", "text", words),
    "wider_text": ("varchar(18)", "text", words),
    "narrower_text": ("text", "varchar(18)", words),
    "label": ("mood", "app.mood", labels),
    "label_as_text": ("mood", "text", labels),
    "small": ("smallint", "bigint", whole),
    "as_numeric": ("integer", "numeric", whole),
    "cents": ("numeric(12,2)", "numeric", cents),
    "scale": ("numeric(30,10)", "numeric(38,18)", st.decimals(-(10**9), 10**9, places=10).map("{:f}".format)),
    "single": ("real", "float8", st.floats(width=32).map(repr)),
    "double": ("float8", "numeric", st.integers(-(10**15), 10**15).map(str)),
    "moment": ("timestamp(3)", "timestamptz", moments),
    "midnight": ("date", "timestamp", st.dates().map(str)),
    "ident": ("text", "uuid", st.uuids().map(str)),
    "ident_short": ("varchar(36)", "uuid", st.uuids().map(str)),
    "document": ("text", "jsonb", st.dictionaries(st.sampled_from("ab"), st.integers(), max_size=1).map(json.dumps)),
    "plain_json": ("json", "json", st.sampled_from(['{"b":1,  "a":2}', "1.0", "[1 ]", '{"a":1,"a":2}'])),
    "moods": ("mood[]", "text[]", st.lists(labels).map(lambda v: "{" + ",".join(json.dumps(x) for x in v) + "}")),
    "idents": ("text[]", "uuid[]", st.lists(st.uuids()).map(lambda v: "{" + ",".join(map(str, v)) + "}")),
    "wholes": ("integer[]", "bigint[]", st.lists(whole).map(lambda v: "{" + ",".join(v) + "}")),
    "span": ("interval", "interval", st.sampled_from(["1 mon", "30 days", "-1 day 24:00", "0"])),
    "octets": ("bytea", "bytea", st.binary(max_size=9).map(lambda b: "\\x" + b.hex())),
    "range": ("int4range", "int4range", st.sampled_from(["empty", "[1,5)", "(,3]", "(,)"])),
    "flag": ("boolean", "boolean", st.sampled_from(["t", "f"])),
}  # fmt: skip
# Those that need no proof, because the value crosses in one form both ways.
EXACT = {
    "same_text", "wider_text", "narrower_text", "label", "label_as_text", "small", "cents", "moment", "plain_json",
    "span", "octets", "range", "flag",
}  # fmt: skip
rows = st.fixed_dictionaries({name: st.none() | values for name, (_, _, values) in PAIRS.items()})


@pytest.fixture(scope="module")
def way(server: Any) -> Iterator[tuple[WayBack, psycopg.Connection[Any]]]:
    """The way back of a table with a column for each pair of types, and a session that computes both ways."""
    names = [unique("rules"), unique("rules_target")]
    url = server.create_database(names[0])
    query(
        url,
        "CREATE TYPE mood AS ENUM ('fine', 'not so fine', 'o''dd'); CREATE SCHEMA app;"
        " CREATE TYPE app.mood AS ENUM ('o''dd', 'new', 'not so fine', 'fine');",
    )
    for table, side in (("public.t", 0), ("app.t", 1)):
        columns = ", ".join(f"{name} {pair[side]}" for name, pair in PAIRS.items())
        query(url, f"CREATE TABLE {table} (id integer PRIMARY KEY, {columns})")
    other = server.create_database(names[1], names[0])
    shapes = {"id": "integer"} | {name: f"{pair[0]}?" for name, pair in PAIRS.items()}
    maps = (TableMap(SourceTable("t", shapes), "app.t"),)
    layout = Layout("x", (LegacyDatabase("old", "OLD", "app", maps, elsewhere=frozenset({"app"})),))
    catalog = Catalog("x", (Service("app", schema="app", role="inverse_app", tables=("t",)),))
    plan = World({"old": url}, other, layout, catalog).plan()
    assert plan.mismatches == ()
    with psycopg.connect(url.conninfo(), autocommit=True, options="-c TimeZone=UTC") as connection:
        yield ways_back(plan)[0], connection
    for name in names:
        server.drop_database(name)


def test_which_columns_need_no_proof(way: tuple[WayBack, psycopg.Connection[Any]]) -> None:
    assert {c.column.name for c in way[0].columns if c.inverse.exact} == {*EXACT, "id"}
    assert way[0].kept == ()


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(row=rows)
def test_every_rule_gives_back_what_it_took(
    way: tuple[WayBack, psycopg.Connection[Any]], row: dict[str, str | None]
) -> None:
    back, connection = way
    forward = {column.target.name: column.conversion.value for column in back.reads[0].plan.columns}
    stored = sql.SQL(", ").join(
        sql.SQL("({})::{} AS {}").format(forward[name], sql.SQL(pair[1]), sql.Identifier(name))  # type: ignore[arg-type]
        for name, pair in PAIRS.items()
    )
    legacy = sql.SQL(", ").join(
        sql.SQL("{}::{} AS {}").format(sql.Literal(row[name]), sql.SQL(pair[0]), sql.Identifier(name))  # type: ignore[arg-type]
        for name, pair in PAIRS.items()
    )
    original = sql.SQL(", ").join(sql.SQL("s.{0}::text AS {0}").format(sql.Identifier(name)) for name in PAIRS)
    values = {column.column.name: column.inverse.value for column in back.columns}
    again = sql.SQL(", ").join(sql.SQL("({})::text").format(values[name]) for name in PAIRS)
    before = sql.SQL("SELECT {} FROM (SELECT {}) AS s").format(original, legacy)
    after = sql.SQL("SELECT {} FROM (SELECT {} FROM (SELECT {}) AS s) AS s").format(again, stored, legacy)
    one, other = connection.execute(before).fetchone(), connection.execute(after).fetchone()
    assert dict(zip(PAIRS, other or (), strict=True)) == dict(zip(PAIRS, one or (), strict=True))
