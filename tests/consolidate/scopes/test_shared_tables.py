"""Several sources fill one table, each its own rows: at once, or one after another."""

import asyncio
from dataclasses import replace

import pytest
from scope_worlds import HOUSES, TABLES, of_houses, others_of
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline

COUNTS = "SELECT house::text, count(*) FROM app.people GROUP BY 1 ORDER BY 1"


def test_sources_fill_one_table_at_once(houses: World) -> None:
    before = snapshot_of(houses.target)["objects"]

    report = houses.copy()

    assert all(table.balanced for table in report.tables)
    assert len(report.tables) == 11  # four of two houses, three of the older
    assert {(t.database, t.constants["house"]) for t in report.tables} == {(name, name) for name in HOUSES}
    assert query(houses.target, COUNTS) == [("ash", 8), ("birch", 8), ("cedar", 8)]
    assert snapshot_of(houses.target)["objects"] == before
    verdict = houses.verify()
    assert verdict.identical
    assert verdict.totals["target_rows"] == 3 * (8 + 12 + 12) + 2 * 6


@pytest.mark.parametrize("small_tables", [0, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_sources_fill_one_table_one_after_another(houses: World, small_tables: int) -> None:
    houses = replace(houses, small_tables=small_tables)
    before = snapshot_of(houses.target)["objects"]
    for house in HOUSES:
        others = others_of(houses, house)
        one = of_houses(houses, house)
        report = one.copy()
        assert all(table.balanced for table in report.tables)
        assert one.copy().nothing_to_do
        assert others_of(houses, house) == others
        assert one.verify().identical

    assert houses.copy().nothing_to_do
    assert snapshot_of(houses.target)["objects"] == before
    assert houses.verify().identical
    assert len(TABLES) == 4


def test_what_another_house_has_is_no_difference_and_what_changed_is_one(houses: World) -> None:
    houses.copy()
    query(houses.target, "UPDATE app.people SET nick = 'other' WHERE house = 'ash' AND id = 'p1'")
    query(houses.target, "DELETE FROM app.notes WHERE house = 'birch' AND id = 'x1'")

    verdict = houses.verify()
    wrong = {(t.table.database, t.table.target.name) for t in verdict.tables if not t.identical}

    assert wrong == {("ash", "people"), ("birch", "notes")}
    assert of_houses(houses, "cedar").verify().identical


def test_a_house_is_emptied_alone(houses: World) -> None:
    houses.copy()
    others = others_of(houses, "birch")
    query(houses.urls["birch"], "UPDATE people SET nick = 'new'")

    asyncio.run(pipeline.copy(of_houses(houses, "birch").task(), restart=True))

    assert others_of(houses, "birch") == others
    assert value(houses.target, "SELECT count(*) FROM app.people WHERE house = 'birch' AND nick = 'new'") == 8
    assert query(houses.target, "SELECT status FROM payrollx_meta.runs ORDER BY id") == [("done",), ("done",)]
    assert houses.verify().identical
