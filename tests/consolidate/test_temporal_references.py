"""Temporal foreign keys (PERIOD): the parents of a key have to cover the period of each child."""

import asyncio
from dataclasses import replace

import pytest
from conftest import TestServer
from rule_worlds import MakeTables
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import FindingsError
from payrollx_db.model.policy import Policies

SOURCE = """
CREATE TABLE prices (id int4range, during daterange, PRIMARY KEY (id, during));
CREATE TABLE orders (id integer PRIMARY KEY, price int4range, during daterange);
INSERT INTO prices VALUES ('[1,2)', '[2024-01-01,2024-02-01)'), ('[1,2)', '[2024-02-01,2024-03-01)'),
  ('[2,3)', '[2024-01-01,2024-02-01)');
INSERT INTO orders VALUES (1, '[1,2)', '[2024-01-15,2024-02-15)'), (2, '[2,3)', '[2024-01-10,2024-01-20)'),
  (3, NULL, '[2024-01-10,2024-01-20)'), (4, '[2,3)', NULL);
"""
ORPHANS = "INSERT INTO orders VALUES (5, '[2,3)', '[2024-01-10,2024-02-20)'), (6, '[9,10)', '[2024-01-10,2024-01-11)')"
TARGET = """
CREATE TABLE app.prices (id int4range, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE app.orders (id integer PRIMARY KEY, price int4range, during daterange,
  CONSTRAINT priced FOREIGN KEY (price, PERIOD during) REFERENCES app.prices (id, PERIOD during));
COMMENT ON CONSTRAINT priced ON app.orders IS 'for its time';
"""
TABLES = {
    "prices": {"id": "int4range", "during": "daterange"},
    "orders": {"id": "integer", "price": "int4range?", "during": "daterange?"},
}
KEY = "SELECT convalidated, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conname = 'priced'"


@pytest.fixture
def world(server: TestServer, make_tables: MakeTables) -> World:
    """Prices and orders, each with a period, that are copied as large tables are."""
    if value(server.url, "SELECT current_setting('server_version_num')::int") < 180000:
        pytest.skip("this server has no temporal keys")
    return replace(make_tables(SOURCE, TARGET, TABLES), small_tables=0)


def test_periods_that_parents_cover_together_fit(world: World) -> None:
    assert all(table.balanced for table in world.copy().tables)
    assert query(world.target, KEY) == [(True, "for its time")]
    assert world.verify().identical


def test_a_period_that_no_parents_cover_is_an_orphan(world: World) -> None:
    query(world.urls["old"], ORPHANS)

    (finding,) = [finding for finding in asyncio.run(pipeline.check(world.task())) if finding.blocks]
    report = world.copy_with(world.task(), Policies.read(["orphan=quarantine"]))

    assert (finding.code, finding.count) == ("orphan", 2)
    assert {table.source: table.rows_quarantined for table in report.tables}["old.public.orders"] == 2
    assert query(world.target, KEY) == [(True, "for its time")]
    assert query(world.target, "SELECT id FROM app.orders ORDER BY 1") == [(1,), (2,), (3,), (4,)]
    assert world.verify().identical


def test_without_a_check_the_key_itself_finds_it(world: World) -> None:
    """It is not only marked valid, as the server's own VALIDATE CONSTRAINT would do."""
    query(world.urls["old"], ORPHANS.partition(", (6")[0])

    with pytest.raises(FindingsError) as caught:
        asyncio.run(pipeline.copy(replace(world.task(), check_rows="never")))

    assert "orphan" in "".join(caught.value.details) or caught.value.sqlstate == "23503"
    assert value(world.target, "SELECT count(*) FROM app.orders") == 0
    assert query(world.target, KEY) == [(True, "for its time")]


PARTITIONED_SOURCE = """
CREATE TABLE prices (id int4range, during daterange, PRIMARY KEY (id, during));
INSERT INTO prices VALUES ('[1,2)', '[2024-01-01,2024-02-01)'), ('[1,2)', '[2024-02-01,2024-03-01)');
CREATE TABLE orders (id integer, region text, price int4range, during daterange, PRIMARY KEY (id, region));
INSERT INTO orders VALUES (1, 'eu', '[1,2)', '[2024-01-15,2024-02-15)'), (2, 'eu', '[1,2)', '[2024-02-15,2024-03-15)'),
  (3, 'us', '[1,2)', '[2024-02-15,2024-03-15)');
"""
PARTITIONED_TARGET = """
CREATE TABLE app.prices (id int4range, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE app.orders (id integer, region text, price int4range, during daterange, PRIMARY KEY (id, region))
  PARTITION BY LIST (region);
CREATE TABLE app.orders_eu PARTITION OF app.orders FOR VALUES IN ('eu');
CREATE TABLE app.orders_us PARTITION OF app.orders FOR VALUES IN ('us');
ALTER TABLE app.orders_eu ADD FOREIGN KEY (price, PERIOD during) REFERENCES app.prices (id, PERIOD during);
"""


@pytest.mark.usefixtures("world")
def test_periods_of_a_single_partition_s_key_are_covered(make_tables: MakeTables) -> None:
    orders = {"id": "integer", "region": "text", "price": "int4range?", "during": "daterange?"}
    world = make_tables(PARTITIONED_SOURCE, PARTITIONED_TARGET, {"prices": TABLES["prices"], "orders": orders})

    orphans = [finding for finding in asyncio.run(pipeline.check(world.task())) if finding.code == "orphan"]

    assert [(finding.place.rpartition(".")[2], finding.count) for finding in orphans] == [("price+during", 1)]
    world.copy_with(world.task(), Policies.read(["orphan=quarantine"]))
    assert value(world.target, "SELECT array_agg(id ORDER BY id) FROM app.orders") == [1, 3]
    assert world.verify().identical


def test_an_empty_period_is_named_where_a_key_takes_none(world: World) -> None:
    query(world.urls["old"], "INSERT INTO prices VALUES ('[7,8)', 'empty')")

    (finding,) = [finding for finding in asyncio.run(pipeline.check(world.task())) if finding.blocks]
    assert (finding.code, finding.count) == ("check-violated", 1)

    world.copy_with(world.task(), Policies.read(["check-violated=quarantine"]))
    assert value(world.target, "SELECT count(*) FROM app.prices") == 3
    assert world.verify().identical
