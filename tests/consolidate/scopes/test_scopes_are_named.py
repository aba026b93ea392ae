"""What people read names the scope, says which scopes nobody has brought, and refuses what no scope can have."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import unique
from run_reports import checked, written
from scope_worlds import of_houses
from worlds import World, query

from payrollx_db.consolidate import online, pipeline
from payrollx_db.consolidate.plan.inverse.ways import ways_back
from payrollx_db.consolidate.status import status
from payrollx_db.errors import CatalogError, FindingsError
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.report import loader


def test_status_names_the_scope_of_each_account(houses: World) -> None:
    houses.copy()

    shown = asyncio.run(status(houses.task().target))

    scopes = {table["source"].partition(".")[0]: table["scope"] for table in shown.document()["tables"]}
    assert scopes == {name: {"house": name} for name in ("ash", "birch", "cedar")}
    assert {str(table.destination) for table in shown.tables} >= {"app.people (house=ash)", "app.posts (house=cedar)"}


def test_scopes_that_no_run_has_brought_are_said(houses: World) -> None:
    of_houses(houses, "ash").copy()
    of_houses(houses, "birch").copy()
    query(houses.target, "INSERT INTO app.houses VALUES ('elm', ''), ('fir', '')")
    query(houses.target, "INSERT INTO app.notes SELECT unnest('{elm,elm,fir}'::text[]), generate_series(1, 3)::text")

    verdict = of_houses(houses, "birch").verify()

    assert verdict.identical
    assert [(f.code, f.place, f.count, f.examples) for f in verdict.uncovered if f.code == "unknown-scope"] == [
        ("unknown-scope", "app.notes", 2, ("house=elm", "house=fir"))
    ]


def test_a_report_holds_each_scope_against_its_rows(houses: World, tmp_path: Path) -> None:
    of_houses(houses, "ash", "birch").copy()
    of_houses(houses, "ash", "birch").verify()
    report = asyncio.run(loader.read(houses.task().target, 1))
    assert {(t.source.partition(".")[0], t.scope["house"]) for t in report.tables} == {
        ("ash", "ash"),
        ("birch", "birch"),
    }
    file = written(houses, tmp_path)
    assert "(house=ash)" in file.read_text("utf-8")
    assert checked(houses, file).identical

    query(houses.target, "UPDATE app.people SET nick = 'x' WHERE house = 'birch' AND id = 'p1'")

    assert [one.target for one in checked(houses, file).tables if not one.identical] == ["app.people (house=birch)"]


def test_the_way_back_is_of_the_scope_alone(houses: World) -> None:
    plan = of_houses(houses, "ash").plan()

    ways = ways_back(plan)

    assert all(way.possible for way in ways)
    assert all(home.column != "house" for way in ways for home in way.homeless)
    houses.copy()
    (people,) = [way for way in ways if way.source.name == "people"]
    rows = query(houses.target, "SELECT count(*) FROM " + people.from_clause.as_string(None))
    assert rows == [(8,)]


def test_following_refuses_scopes_by_name(houses: World) -> None:
    _, findings = asyncio.run(online.list_made(of_houses(houses, "ash").task()))

    assert {(f.code, f.place) for f in findings} == {
        ("follow-scope", f"app.{n}") for n in ("people", "posts", "likes", "notes")
    }
    with pytest.raises(FindingsError, match="block"):
        asyncio.run(pipeline.copy(replace(of_houses(houses, "ash").task(), following=True)))
    assert query(
        houses.urls["ash"], "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"
    ) == [(0,)]
    assert query(houses.target, "SELECT count(*) FROM app.people") == [(0,)]


def test_row_level_security_that_hides_rows_is_named_before(houses: World) -> None:
    query(houses.target, "ALTER TABLE app.people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    query(houses.target, "CREATE POLICY own ON app.people USING (house = current_setting('app.house', true))")
    owner = unique("scope_owner")
    query(houses.target, f"CREATE ROLE {owner} LOGIN PASSWORD 'of a scope'")
    query(houses.target, f'GRANT ALL ON DATABASE "{houses.target.dbname}" TO {owner}')
    try:
        for name in ("houses", "people", "posts", "likes", "notes"):
            query(houses.target, f"ALTER TABLE app.{name} OWNER TO {owner}")
        query(houses.target, f"ALTER SCHEMA app OWNER TO {owner}")
        params = dict(houses.target.params) | {"user": owner, "password": "of a scope"}
        as_owner = replace(houses, target=replace(houses.target, params=params))

        found = [f for f in asyncio.run(pipeline.check(as_owner.task())) if f.blocks]

        assert [(f.code, f.place.rpartition(".")[2]) for f in found] == [("privilege", "people")]
        assert "row-level security" in found[0].message
        query(houses.target, "ALTER TABLE app.people NO FORCE ROW LEVEL SECURITY")
        as_owner.copy()
        assert as_owner.verify().identical
    finally:
        query(houses.target, f"REASSIGN OWNED BY {owner} TO CURRENT_USER; DROP OWNED BY {owner}; DROP ROLE {owner}")


def test_a_column_is_filled_by_a_scope_or_by_something_else() -> None:
    source = SourceTable("people", {"id": "text", "house": "text"})
    table_map = TableMap(source, "app.people", scope={"house": "ash"}, derive={"house": "{house}"})
    with pytest.raises(CatalogError, match="scope"):
        Layout("houses", (LegacyDatabase("ash", "ASH", "app", (table_map,)),))
