"""What a switch does in which order: each step counts on the one before, whatever happens right between them."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from fenced_databases import Client, client, waiting
from moving_worlds import LIMITS, cut_over, make_numbered_world, meanwhile, roll_back, stages
from worlds import World, query, value

from payrollx_db.consolidate import moving
from payrollx_db.consolidate.follow.gate import Gate
from payrollx_db.errors import LayoutMismatchError, LockLostError, PayrollxError, StateConflictError
from payrollx_db.model.events import Event, StepFinished, StepStarted

LOCK_HOLDER = """
SELECT pid FROM pg_locks
WHERE relation = 'payrollx_meta.run_lock'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted
"""
NUMBERED = """
CREATE SEQUENCE numbers OWNED BY orders.id; ALTER TABLE orders ALTER id SET DEFAULT nextval('numbers');
SELECT setval('numbers', 5000)
"""
NEXT_OLD, NEXT_NEW = "SELECT nextval('numbers')", "SELECT nextval(pg_get_serial_sequence('shop.orders', 'id'))"


@pytest.fixture(scope="module")
def world(logical_server: Any) -> Iterator[World]:
    """One world for all: each test leaves it followed and not moved."""
    with make_numbered_world(logical_server, NUMBERED) as made:
        yield made


def cut_over_with(world: World, observer: Callable[[Event], None]) -> None:
    asyncio.run(moving.cutover(world.task(observer=observer), LIMITS))


def refuses(url: Any, table: str) -> bool:
    try:
        query(url, f"UPDATE {table} SET id = id WHERE false")
    except psycopg.errors.ReadOnlySqlTransaction:
        return True
    return False


def test_what_is_written_until_the_fence_is_there_and_numbers_go_on_behind_it(world: World) -> None:
    old = world.urls["oldshop"]
    write = "INSERT INTO orders (level, price) VALUES (1, 'the last')"
    cut_over_with(world, meanwhile(StepFinished, "prove before", lambda: query(old, write)))
    last = value(world.target, "SELECT max(id) FROM shop.orders WHERE price = 'the last'")
    assert last > 5000
    assert value(world.target, NEXT_NEW) > last
    query(world.target, "SELECT setval(pg_get_serial_sequence('shop.orders', 'id'), %s)", (last + 4000,))
    write = "INSERT INTO shop.orders (level, price) VALUES (1, 'and back')"
    observer = meanwhile(StepFinished, "prepare", lambda: query(world.target, write))
    asyncio.run(moving.rollback(world.task(observer=observer), LIMITS))
    assert value(old, "SELECT max(id) FROM orders WHERE price = 'and back'") == last + 4001
    assert value(old, NEXT_OLD) > last + 4001


@pytest.mark.parametrize(
    ("kind", "step"),
    [pytest.param(StepFinished, "prove before", id="before the fence"),
     pytest.param(StepStarted, "gates", id="behind it, at the last moment")],
)  # fmt: skip
def test_a_table_that_is_made_meanwhile_lets_go(
    world: World, kind: type[StepStarted | StepFinished], step: str
) -> None:
    old = world.urls["oldshop"]
    make = meanwhile(kind, step, lambda: query(old, "CREATE TABLE extra (id integer PRIMARY KEY)"))
    with pytest.raises(LayoutMismatchError, match="oldshop"):
        cut_over_with(world, make)
    assert set(stages(world).values()) <= {"following", "back"}
    assert (refuses(old, "orders"), refuses(world.target, "shop.orders")) == (False, True)
    query(old, "DROP TABLE extra")


def test_nothing_is_opened_before_every_gate_is_seen_to_refuse(world: World) -> None:
    old = world.urls["oldshop"]
    opened = Gate.of_source("oldshop").open().as_string(None)
    with pytest.raises(StateConflictError, match="refuse writes by now"):
        cut_over_with(world, meanwhile(StepStarted, "check the gates", lambda: query(old, opened)))
    assert refuses(world.target, "shop.orders")
    cut_over(world)
    assert (refuses(old, "orders"), refuses(world.target, "shop.orders")) == (True, False)
    roll_back(world)


@pytest.mark.parametrize("step", [pytest.param("prove", marks=pytest.mark.long), "gates"])
def test_a_cutover_that_has_lost_the_lock_closes_nothing(world: World, step: str) -> None:
    with pytest.raises(LockLostError):
        cut_over_with(world, meanwhile(StepStarted, step, lambda: end_lock_holder(world)))
    old = [refuses(world.urls[name], table) for name, table in (("oldshop", "orders"), ("oldmail", "letters"))]
    assert (old, refuses(world.target, "shop.orders")) == ([False, False], True)


@pytest.mark.long
def test_a_rollback_that_has_lost_the_lock_closes_nothing(world: World) -> None:
    cut_over(world)
    observer = meanwhile(StepStarted, "gates", lambda: end_lock_holder(world))
    with pytest.raises(PayrollxError):
        asyncio.run(moving.rollback(world.task(observer=observer), LIMITS))
    assert (refuses(world.urls["oldshop"], "orders"), refuses(world.target, "shop.orders")) == (True, False)
    roll_back(world)


def test_who_writes_behind_the_last_pass_back_waits_and_is_refused(world: World) -> None:
    """Nobody may write to the unified database once its last rows have gone back: such a row would be left there."""
    cut_over(world)
    clients: list[Client] = []
    write = "UPDATE shop.orders SET price = '98765' WHERE id = 1"
    observer = meanwhile(StepStarted, "sequences", lambda: clients.append(client_that_waits(world, write)))
    asyncio.run(moving.rollback(world.task(observer=observer), LIMITS))
    assert [client.end() for client in clients] == [["25006"]]
    assert value(world.target, "SELECT count(*) FROM shop.orders WHERE price = '98765'") == 0
    assert (refuses(world.urls["oldshop"], "orders"), refuses(world.target, "shop.orders")) == (False, True)


def client_that_waits(world: World, write: str) -> Client:
    """Return a client that has begun to write, and waits if anything keeps it from that."""
    begun = client(world.target, write)
    until = time.monotonic() + 2
    while time.monotonic() < until and not waiting(world.target) and begun.waits:
        time.sleep(0.01)
    return begun


def end_lock_holder(world: World) -> None:
    """End the session that holds the run's lock, as a failover of a pooler or a person may."""
    ((pid,),) = query(world.target, LOCK_HOLDER)
    assert value(world.target, "SELECT pg_terminate_backend(%s, 5000)", (pid,))
