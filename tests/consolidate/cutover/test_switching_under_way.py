"""What others' tools have lost or broken in the midst of a switch, and what has to be so on ours.

Writes of a transaction that was open when the switch began (Vitess 9400, 16563), a switch back that failed and left
nothing to go back with (Vitess 14276), and sequences that no column owns (pgstream 1203, pgcopydb 716).
"""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from fenced_databases import transaction
from moving_worlds import LIMITS, cut_over, follow, make_numbered_world, meanwhile, roll_back, stages
from worlds import World, query, value

from payrollx_db.consolidate import moving
from payrollx_db.consolidate.cutover.fence import Patience
from payrollx_db.consolidate.cutover.switching import Limits
from payrollx_db.errors import FenceError
from payrollx_db.model.events import StepFinished
from payrollx_db.postgres.url import DatabaseUrl

NUMBERED = """
CREATE SEQUENCE numbers; ALTER TABLE orders ALTER id SET DEFAULT nextval('numbers'); SELECT setval('numbers', 7000)
"""
IMPATIENT = Limits(max_stop=300.0, max_lag=300.0, patience=Patience(locks=0.2, attempts=2, pause=0.1))
NEXT = "SELECT nextval(pg_get_serial_sequence('shop.orders', 'id'))"


@pytest.fixture(scope="module")
def world(logical_server: Any) -> Iterator[World]:
    """One world for all: each test leaves it followed and not moved. Its orders' sequence belongs to no column."""
    with make_numbered_world(logical_server, NUMBERED) as made:
        yield made


class Writer:
    """A transaction that writes when it is told to, and commits a moment later, in a thread."""

    def __init__(self, url: DatabaseUrl, statement: str) -> None:
        self.url, self.statement = url, statement
        self.number = 0

    def begin(self) -> None:
        session = psycopg.connect(self.url.conninfo())
        ((self.number,),) = session.execute(self.statement.encode()).fetchall()
        threading.Timer(0.8, self._commit, [session]).start()

    def _commit(self, session: "psycopg.Connection[Any]") -> None:
        session.commit()
        session.close()


@pytest.mark.long
def test_a_transaction_that_is_open_when_writers_are_to_wait_is_waited_for_and_comes_over(world: World) -> None:
    """Both ways: what it has written is on the other side, and numbers go on behind it."""
    old = world.urls["oldshop"]
    writer = Writer(old, "INSERT INTO orders (level, price) VALUES (1, 'in the midst') RETURNING id")
    asyncio.run(moving.cutover(world.task(observer=meanwhile(StepFinished, "prove before", writer.begin)), LIMITS))
    number = writer.number
    assert value(world.target, "SELECT price FROM shop.orders WHERE id = %s", (number,)) == "in the midst"
    assert value(world.target, NEXT) > number

    writer = Writer(world.target, f"UPDATE shop.orders SET price = 'and back' WHERE id = {number} RETURNING id")
    asyncio.run(moving.rollback(world.task(observer=meanwhile(StepFinished, "prepare", writer.begin)), LIMITS))
    assert writer.number == number
    assert value(old, "SELECT price FROM orders WHERE id = %s", (number,)) == "and back"
    assert value(old, "SELECT nextval('numbers')") > number


@pytest.mark.long
def test_a_rollback_that_does_not_get_its_locks_leaves_the_way_back_as_it_was(world: World) -> None:
    cut_over(world)
    in_the_way = transaction(world.target, "LOCK TABLE shop.orders IN ROW EXCLUSIVE MODE")
    with in_the_way, pytest.raises(FenceError):
        roll_back(world, limits=IMPATIENT)
    assert set(stages(world).values()) == {"open"}
    query(world.target, "UPDATE shop.orders SET price = 'since then' WHERE id = 1")
    follow(world)
    assert value(world.urls["oldshop"], "SELECT price FROM orders WHERE id = 1") == "since then"
    roll_back(world)
    assert set(stages(world).values()) == {"back"}
    query(world.urls["oldshop"], "UPDATE orders SET price = 'in the old one' WHERE id = 1")
    cut_over(world)
    assert value(world.target, "SELECT price FROM shop.orders WHERE id = 1") == "in the old one"
    roll_back(world)
