"""A switch that is killed in any of its steps leaves what the page says, and the next call goes on from there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from moving_worlds import cut_over, make_moving_world, roll_back, stages
from worlds import World, query, value

from payrollx_db.errors import StateConflictError

CUTOVER = ("catch up", "prepare", "drain", "settle", "prove", "sequences", "keys", "way back", "gates",
           "check the gates", "open", "validate")  # fmt: skip
ROLLBACK = ("catch up", "prepare", "drain", "sequences", "way forward", "gates", "open")

# Does what is asked for, and is killed when one of its steps begins, or is done.
PROGRAM = """
import asyncio, json, os, signal, sys
from worlds import World
from moving_worlds import LAYOUT, CATALOG, cut_over, roll_back
from payrollx_db.model.events import StepFinished, StepStarted
from payrollx_db.consolidate import moving
from payrollx_db.postgres.url import DatabaseUrl
from moving_worlds import LIMITS

given = json.loads(sys.argv[1])
urls = {name: DatabaseUrl.parse(url) for name, url in given["urls"].items()}
world = World(urls, DatabaseUrl.parse(given["target"]), LAYOUT, CATALOG)

def die(event):
    kind = StepStarted if given["when"] == "begins" else StepFinished
    if isinstance(event, kind) and event.step == given["step"]:
        os.kill(os.getpid(), signal.SIGKILL)

action = moving.cutover if given["action"] == "cutover" else moving.rollback
asyncio.run(action(world.task(observer=die), LIMITS))
"""


def killed(world: World, action: str, step: str, when: str) -> None:
    """Do ``action`` in a process of its own, until it is killed."""
    given = {
        "urls": {name: url.plain for name, url in world.urls.items()},
        "target": world.target.plain,
        "action": action,
        "step": step,
        "when": when,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(given)],
        env={**os.environ, "PYTHONPATH": f"tests/support{os.pathsep}tests"},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr[-3000:]


def writable(url: Any, statement: str) -> bool:
    try:
        query(url, statement)
    except psycopg.errors.ReadOnlySqlTransaction:
        return False
    return True


def sides(world: World) -> tuple[list[bool], bool]:
    """Tell which legacy databases can be written, and whether the unified one can."""
    tables = {"oldpeople": "levels", "oldshop": "orders", "oldmail": "letters"}
    old = [writable(world.urls[name], f"UPDATE {table} SET id = id WHERE false") for name, table in tables.items()]
    return old, writable(world.target, "UPDATE shop.orders SET id = id WHERE false")


@pytest.fixture(scope="module")
def moved_back(logical_server: Any) -> Iterator[World]:
    """One world for all kills: each leaves it where the next one can begin."""
    with make_moving_world(logical_server) as world:
        yield world


def _numbers(world: World) -> int:
    there = value(world.target, "SELECT COALESCE(max(id), 0) FROM shop.orders")
    return max(int(there), int(value(world.urls["oldshop"], "SELECT COALESCE(max(id), 0) FROM orders")))


@pytest.mark.parametrize("step", ["gates"])
def test_a_killed_cutover_goes_on(moved_back: World, step: str) -> None:
    assert_goes_on_when_killed(moved_back, step, "begins")


@pytest.mark.long
@pytest.mark.parametrize("when", ["begins", "is done"])
@pytest.mark.parametrize("step", CUTOVER)
def test_a_cutover_that_is_killed_anywhere_goes_on(moved_back: World, step: str, when: str) -> None:
    assert_goes_on_when_killed(moved_back, step, when)


@pytest.mark.parametrize("step", ["open"])
def test_a_killed_rollback_goes_on(moved_back: World, step: str) -> None:
    assert_rollback_goes_on_when_killed(moved_back, step, "begins")


@pytest.mark.long
@pytest.mark.parametrize("when", ["begins", "is done"])
@pytest.mark.parametrize("step", ROLLBACK)
def test_a_rollback_that_is_killed_anywhere_goes_on(moved_back: World, step: str, when: str) -> None:
    assert_rollback_goes_on_when_killed(moved_back, step, when)


@pytest.mark.long
@pytest.mark.parametrize("step", ["keys", "check the gates"])
def test_a_killed_cutover_can_be_undone(moved_back: World, step: str) -> None:
    world = moved_back
    killed(world, "cutover", step, "begins")
    assert roll_back(world).left == ()
    assert sides(world) == ([True] * 3, False)
    query(world.urls["oldshop"], "UPDATE orders SET price = '7.00' WHERE id = 2")
    cut_over(world)
    assert value(world.target, "SELECT price FROM shop.orders WHERE id = 2") == "7.00"
    roll_back(world)


def assert_goes_on_when_killed(world: World, step: str, when: str) -> None:
    number = _numbers(world) + 1
    query(world.urls["oldshop"], f"INSERT INTO orders VALUES ({number}, 1, '{number}.00')")
    killed(world, "cutover", step, when)
    old, target = sides(world)
    assert not target or old == [False] * 3, "both sides can be written"
    if stages(world).get("oldshop") != "open":
        assert not target
    if old[1]:  # writers have gone on
        query(world.urls["oldshop"], f"UPDATE orders SET price = 'later' WHERE id = {number}")
    assert cut_over(world).left == ()
    assert sides(world) == ([False] * 3, True)
    assert value(world.target, f"SELECT price FROM shop.orders WHERE id = {number}") == (
        "later" if old[1] else f"{number}.00"
    )
    assert value(world.target, "SELECT bool_and(convalidated) FROM pg_constraint WHERE contype = 'f'")
    query(world.target, f"UPDATE shop.orders SET price = 'back' WHERE id = {number}")
    assert roll_back(world).left == ()
    assert value(world.urls["oldshop"], f"SELECT price FROM orders WHERE id = {number}") == "back"
    assert sides(world) == ([True] * 3, False)


def assert_rollback_goes_on_when_killed(world: World, step: str, when: str) -> None:
    cut_over(world)
    number = _numbers(world) + 1
    query(world.target, f"INSERT INTO shop.orders (id, level, price) VALUES ({number}, 1, 'new')")
    killed(world, "rollback", step, when)
    old, target = sides(world)
    assert not target or old == [False] * 3, "both sides can be written"
    if target:
        query(world.target, f"UPDATE shop.orders SET price = 'later' WHERE id = {number}")
    elif stages(world)["oldshop"] == "rolling_back":
        with pytest.raises(StateConflictError):
            cut_over(world)
    if old[1]:
        query(world.urls["oldshop"], f"UPDATE orders SET price = 'later' WHERE id = {number}")
    assert roll_back(world).left == ()
    assert sides(world) == ([True] * 3, False)
    assert value(world.urls["oldshop"], f"SELECT price FROM orders WHERE id = {number}") == (
        "later" if target or old[1] else "new"
    )
