"""Rows on which a transform fails are named whatever their table looks like, and whoever reads it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import unique
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.finding import Finding
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.model.policy import Policies

PARTITIONED = """
CREATE TABLE parts (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (2);
CREATE TABLE part_2 PARTITION OF parts DEFAULT
"""
CHANGED = """
CREATE TABLE changed (id int PRIMARY KEY, gone int, v int, sum int GENERATED ALWAYS AS (id + 1) STORED);
ALTER TABLE changed DROP COLUMN gone
"""
MANY = """
CREATE TABLE many (id int PRIMARY KEY, v int);
INSERT INTO many SELECT n, n % 9000 FROM generate_series(1, 20000) AS n
"""
# Each with the column that is divided by, and what its failing rows are called.
TABLES = {
    "keyless": ("v", (), "CREATE TABLE keyless (v int)", "1), (0), (2), (0"),
    "pair": ("v", ('["1", "a\\"b"]',), "CREATE TABLE pair (v int, a int, b text, PRIMARY KEY (a, b))",
             """0, 1, 'a"b'), (1, 2, ''"""),
    "parts": ("v", ("3",), PARTITIONED, "1, 1), (3, 0"),
    "s": ("s", ("2",), "CREATE TABLE s (id int PRIMARY KEY, s int)", "1, 1), (2, 0"),
    'o"dd %s': ('we"ird %', ("2",), 'CREATE TABLE "o""dd %s" (id int PRIMARY KEY, "we""ird %" int)', "1, 1), (2, 0"),
    "many": ("v", ("18000", "9000"), MANY, "0, 1"),
    "changed": ("v", ("2",), CHANGED, "1, 1), (2, 0"),
    "payrollx_key": ("payrollx_key", ("b",), "CREATE TABLE payrollx_key (id text PRIMARY KEY, payrollx_key int)",
                     "'a', 1), ('b', 0"),
}  # fmt: skip
TEMPLATE = "10 / {{{}}}"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def shapes(url: Any, table: str) -> dict[str, str]:
    rows = query(
        url,
        "SELECT a.attname::text, format_type(a.atttypid, -1) || CASE WHEN a.attnotnull THEN '' ELSE '?' END"
        " FROM pg_attribute AS a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped",
        (quoted(table),),
    )
    return dict(rows)


@pytest.fixture(scope="module")
def fractions(server: Any) -> Iterator[World]:
    names = unique("old"), unique("new")
    source, target = map(server.create_database, names)
    query(target, "CREATE SCHEMA app")
    maps = []
    for number, (table, (column, _, definition, rows)) in enumerate(TABLES.items()):
        query(source, definition)
        columns = shapes(source, table)
        stored = ", ".join(quoted(name) for name in columns if name != "sum")
        query(source, f"INSERT INTO {quoted(table)} ({stored}) VALUES ({rows})")
        listed = ", ".join(f"c{n} {kind.removesuffix('?')}" for n, kind in enumerate(columns.values()))
        query(target, f"CREATE TABLE app.t{number} ({listed}, fraction numeric)")
        rename = {name: f"c{n}" for n, name in enumerate(columns)}
        derive = {"fraction": TEMPLATE.format(column)}
        maps.append(TableMap(SourceTable(table, columns), f"app.t{number}", rename=rename, derive=derive))
    tables = tuple(f"t{number}" for number in range(len(TABLES)))
    catalog = Catalog("fractions", (Service("app", schema="app", role="fractions_app", tables=tables),))
    layout = Layout("fractions", (LegacyDatabase("old", "OLD", "app", tuple(maps)),))
    yield World({"old": source}, target, layout, catalog)
    for name in names:
        server.drop_database(name)


def refused(world: World) -> dict[str, Finding]:
    assert world.plan().mismatches == ()
    findings = asyncio.run(pipeline.check(world.task()))
    return {f.place.removeprefix("old.public."): f for f in findings if f.code == "unconvertible"}


def test_rows_are_named_by_their_keys(fractions: World) -> None:
    findings = refused(fractions)

    assert {place.rpartition(".")[0] for place in findings} == {*TABLES}
    for place, finding in findings.items():
        _, keys, *_ = TABLES[place.rpartition(".")[0]]
        assert (finding.count, finding.examples) == (len(keys) or 2, keys), place


def test_who_may_run_no_procedure_still_learns_of_the_column(server: Any, fractions: World) -> None:
    role = unique("reader")
    source = fractions.urls["old"]
    query(source, f"CREATE ROLE {role} LOGIN PASSWORD 'p'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    query(source, "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC")
    try:
        reader = source.with_database(source.dbname)
        reader.params.update({"user": role, "password": "p"})
        findings = refused(World({"old": reader}, fractions.target, fractions.layout, fractions.catalog))
        assert {place.rpartition(".")[0] for place in findings} == {*TABLES}
        assert all("procedures" in finding.message for finding in findings.values())
    finally:
        query(source, f"GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC; DROP OWNED BY {role}; DROP ROLE {role}")


def test_without_a_key_no_policy_decides(fractions: World) -> None:
    task = replace(fractions.task(), policies=Policies.read(["unconvertible=quarantine"]))

    findings = asyncio.run(pipeline.check(task))

    blocking = [finding for finding in findings if finding.blocks]
    assert [finding.place for finding in blocking] == ["old.public.keyless.v"]
    assert "no primary key" in blocking[0].message
