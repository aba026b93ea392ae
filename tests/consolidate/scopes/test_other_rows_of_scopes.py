"""What is beside a scope: rows that point at it, what lies in its quarantine, and several tables of one database."""

import asyncio
from dataclasses import replace

import pytest
from scope_worlds import of_houses, others_of
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import StateConflictError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.model.policy import Policies


def test_rows_that_would_go_with_a_scope_are_not_lost(houses: World) -> None:
    query(houses.target, "ALTER TABLE app.people ADD CONSTRAINT alone UNIQUE (nick)")
    of_houses(houses, "ash").copy()
    query(houses.target, "CREATE TABLE app.fans (nick text REFERENCES app.people (nick) ON DELETE CASCADE)")
    query(houses.target, "INSERT INTO app.fans VALUES ('n1')")

    with pytest.raises(StateConflictError) as caught:
        asyncio.run(pipeline.copy(of_houses(houses, "ash").task(), restart=True))

    assert caught.value.details == ("app.fans",)
    assert value(houses.target, "SELECT count(*) FROM app.people") == 8
    query(houses.target, "UPDATE app.fans SET nick = NULL")
    asyncio.run(pipeline.copy(of_houses(houses, "ash").task(), restart=True))
    assert of_houses(houses, "ash").verify().identical


def test_rows_in_quarantine_come_back_into_their_scope(houses: World) -> None:
    query(
        houses.urls["ash"],
        "ALTER TABLE likes DROP CONSTRAINT likes_person_fkey; INSERT INTO likes VALUES ('m1', 'p99')",
    )
    policies = Policies.read(["orphan=quarantine"])
    report = houses.copy_with(houses.task(), policies)
    assert {(t.source, t.rows_quarantined) for t in report.tables if t.rows_quarantined} == {("ash.public.likes", 1)}
    assert all(table.balanced for table in report.tables)
    assert houses.verify().identical
    others = others_of(houses, "ash")

    query(houses.urls["ash"], "INSERT INTO people VALUES ('p99', NULL, NULL, NULL)")
    query(houses.target, "INSERT INTO app.people VALUES ('ash', 'p99'), ('birch', 'p99')")
    (retried,) = asyncio.run(pipeline.retry(houses.task()))

    assert len(retried.restored) == 1
    assert value(houses.target, "SELECT house FROM app.likes WHERE person = 'p99'") == "ash"
    query(houses.target, "DELETE FROM app.people WHERE (house, id) = ('birch', 'p99')")
    assert houses.verify().identical
    assert [row for row in others_of(houses, "ash") if "p99" not in row[2]] == others


def test_a_scope_with_rows_of_others_is_not_emptied(houses: World) -> None:
    of_houses(houses, "ash", "birch").copy()
    query(houses.target, "INSERT INTO app.notes VALUES ('ash', 'new', NULL, 'written by a service')")

    with pytest.raises(StateConflictError, match="don't hold what the run has written"):
        asyncio.run(pipeline.copy(of_houses(houses, "ash").task(), restart=True))

    assert value(houses.target, "SELECT count(*) FROM app.notes WHERE house = 'ash'") == 7
    asyncio.run(pipeline.copy(of_houses(houses, "birch").task(), restart=True))
    assert of_houses(houses, "birch").verify().identical


def test_several_tables_of_one_database_fill_one(houses: World) -> None:
    columns = {"id": "text", "total": "numeric(10,2)?"}
    query(houses.target, "CREATE TABLE app.orders (year int, id text, total numeric(10,2), PRIMARY KEY (year, id))")
    maps = []
    for year in (2023, 2024):
        query(houses.urls["ash"], f"CREATE TABLE orders_{year} (id text PRIMARY KEY, total numeric(10,2))")
        query(houses.urls["ash"], f"INSERT INTO orders_{year} SELECT n, n * {year} FROM generate_series(1, 5) n")
        source = SourceTable(f"orders_{year}", columns)
        maps.append(TableMap(source, "app.orders", scope={"year": str(year)}))
    query(houses.urls["ash"], "DROP TABLE likes, notes, posts, people")
    layout = Layout("orders", (LegacyDatabase("ash", "ASH", "app", tuple(maps)),))
    catalog = Catalog("orders", (Service("app", schema="app", role="orders_app", tables=("orders",)),))
    world = replace(of_houses(houses, "ash"), layout=layout, catalog=catalog)

    report = world.copy()

    assert [(t.destination.scope, t.rows_written) for t in sorted(report.tables, key=lambda t: t.source)] == [
        ((("year", "2023"),), 5),
        ((("year", "2024"),), 5),
    ]
    verdict = world.verify(sums=True)
    assert verdict.identical
    assert [one.equal for one in verdict.sums] == [True, True]
    assert sorted(str(one.target_sum) for one in verdict.sums) == ["30345.00", "30360.00"]
    only = world.verify(tables=["app.orders (year=2024)"])
    assert [t.table.source.name for t in only.tables] == ["orders_2024"]
