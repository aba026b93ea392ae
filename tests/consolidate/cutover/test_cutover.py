"""A cutover moves the writers of several databases to one, with every row, and a killed one goes on."""

import asyncio
from typing import Any

import psycopg
import pytest
from worlds import World, query, value

from payrollx_db.consolidate import moving
from payrollx_db.consolidate.cutover.outcome import Switched
from payrollx_db.consolidate.cutover.switching import Limits

LIMITS = Limits(max_stop=30.0, max_lag=30.0)


def cut_over(world: World, *services: str, limits: Limits = LIMITS, **options: Any) -> Switched:
    return asyncio.run(moving.cutover(world.task(*services), limits, **options))


def test_everything_is_there_and_only_the_target_is_written(moving: World) -> None:
    query(moving.urls["oldshop"], "INSERT INTO orders VALUES (100, 1, '1.00'); DELETE FROM orders WHERE id = 1")
    switched = cut_over(moving)
    assert switched.left == ()
    assert set(switched.databases) == {"oldpeople", "oldshop", "oldmail"}
    assert query(moving.target, "SELECT id FROM shop.orders ORDER BY id") == [(n,) for n in (2, 3, 4, 5, 6, 100)]
    for name, table in (("oldpeople", "levels"), ("oldshop", "orders"), ("oldmail", "members")):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            query(moving.urls[name], f"DELETE FROM {table}")
    query(moving.target, "INSERT INTO shop.orders (id, level, price) VALUES (101, 2, '2.00')")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        query(moving.target, "INSERT INTO shop.orders (id, level, price) VALUES (102, 99, '2.00')")
    assert value(
        moving.target,
        "SELECT bool_and(convalidated) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'shop.orders'::regclass",
    )
    assert query(moving.target, "SELECT DISTINCT stage FROM payrollx_meta.switches") == [("open",)]
    assert cut_over(moving).nothing_to_do
