"""How following ends while it runs: for who moves the services, and by Ctrl-C. One that doesn't answer is named."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from club_worlds import NAMES
from moving_worlds import LIMITS, make_moving_world, roll_back, stages
from watchers import PATIENCE, eventually
from worlds import World, query, value

from payrollx_db.consolidate import moving, online
from payrollx_db.consolidate.online import FollowReport
from payrollx_db.consolidate.state import handovers, lock
from payrollx_db.consolidate.state.lock import FOLLOW
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Notice

OFFERS = "SELECT host, process FROM payrollx_meta.handover WHERE process = %s"


@pytest.fixture(scope="module")
def world(logical_server: Any) -> Iterator[World]:
    """One world for all: each test leaves it followed and not moved."""
    with make_moving_world(logical_server) as made:
        yield made


@pytest.fixture(autouse=True)
def _answers_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked may take its time: the machine may be busy."""
    monkeypatch.setattr(lock, "ANSWER", PATIENCE)


def wait_for_offer(world: World, process: int) -> None:
    eventually(lambda: bool(query(world.target, OFFERS, (process,))), "following")


def beside_a_follower(world: World, work: Callable[[], Awaitable[Any]]) -> FollowReport:
    """Do ``work`` while the world is followed; return what the follower answers when it has ended."""

    async def both() -> FollowReport:
        following = asyncio.create_task(online.follow(world.task()))
        await asyncio.to_thread(wait_for_offer, world, os.getpid())
        await work()
        return await asyncio.wait_for(following, PATIENCE)

    query(world.target, "DELETE FROM payrollx_meta.handover")
    return asyncio.run(both())


def refusal(world: World, *, change: str = "") -> StateConflictError:
    """Return what a cutover says beside a process that holds the lock and offers it, and never looks again."""

    async def cut_over() -> None:
        async with online.followed(world.task(), doing=FOLLOW) as (context, _):
            async with context.transaction() as connection:
                await handovers.offer(connection, context.lock_pid)
                if change:
                    await connection.execute(change.encode())
            await moving.cutover(world.task(), LIMITS)

    with pytest.raises(StateConflictError, match="payrollx-db follow is at work") as refused:
        asyncio.run(cut_over())
    assert set(stages(world).values()) <= {"following", "back"}
    return refused.value


@contextmanager
def following(world: World) -> Iterator["subprocess.Popen[str]"]:
    """Run ``payrollx-db follow`` in a process of its own, which is at work by now."""
    environment = {**world.env, **NAMES, "PYTHONPATH": f"tests/support{os.pathsep}tests"}
    words = [sys.executable, "-m", "payrollx_db", "follow"]
    with subprocess.Popen(words, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            wait_for_offer(world, process.pid)
            yield process
        finally:
            process.kill()


def test_a_cutover_takes_over_from_follow_which_says_so_and_ends_well(world: World) -> None:
    with following(world) as process:
        query(world.urls["oldshop"], "UPDATE orders SET price = '4.00' WHERE id = 4")
        done = world.command("cutover", "--yes", "--max-stop", "300s", "--max-lag", "300s", env=NAMES)
        out, err = process.communicate(timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert f"(process {process.pid}) is asked to hand over" in done.stderr
    assert process.returncode == 0, err
    assert "payrollx-db cutover of" in err
    assert "Handed over to payrollx-db cutover of" in out
    assert set(stages(world).values()) == {"open"}
    assert value(world.target, "SELECT price FROM shop.orders WHERE id = 4") == "4.00"
    roll_back(world)


@pytest.mark.parametrize("kind", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_who_interrupts_following_hears_what_is_in_and_what_the_servers_keep(world: World, kind: int) -> None:
    with following(world) as process:
        process.send_signal(kind)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "brought over" in out
    assert "oldshop: its log is in up to" in err
    assert "payrollx-db follow goes on" in err
    assert "keep the log" in err


def test_a_rollback_and_completing_take_over_from_who_follows_back(world: World) -> None:
    asyncio.run(moving.cutover(world.task(), LIMITS))
    query(world.target, "UPDATE shop.orders SET price = '5.00' WHERE id = 5")
    report = beside_a_follower(world, lambda: moving.rollback(world.task(), LIMITS))
    assert report.handed_over.startswith("payrollx-db rollback of ")
    assert value(world.urls["oldshop"], "SELECT price FROM orders WHERE id = 5") == "5.00"
    assert set(stages(world).values()) == {"back"}

    report = beside_a_follower(world, lambda: moving.cutover(world.task("shop"), LIMITS))
    assert report.handed_over.startswith("payrollx-db cutover of ")
    roll_back(world)


def test_a_follower_that_hangs_is_named_and_not_ended_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "ANSWER", 0.3)
    error = refusal(world)
    assert f"end process {os.getpid()}" in (error.hint or "")
    # Who comes to life again after that finds no request any more.
    assert query(world.target, "SELECT FROM payrollx_meta.handover WHERE asked_for IS NOT NULL") == []


def test_a_request_that_was_left_behind_runs_out(world: World) -> None:
    """Whoever asked was killed: nobody is there to take it back."""

    async def is_asked() -> list[bool]:
        async with online.followed(world.task()) as (context, _):
            pid, connection = context.lock_pid, context.connection
            answers = []
            for seconds in ("600", "-1"):
                async with context.transaction() as writing:
                    await handovers.offer(writing, pid)
                    await writing.execute(
                        b"UPDATE payrollx_meta.handover SET asked_for = 'cutover', asked_by = 'x',"
                        b" asked_until = clock_timestamp() + make_interval(secs => %s)", (seconds,)
                    )  # fmt: skip
                answers.append(await handovers.request(connection, pid) is not None)
            return answers

    assert asyncio.run(is_asked()) == [True, False]


def test_a_request_that_was_withdrawn_ends_nobody(world: World) -> None:
    """Whoever asked has given up before the follower has looked."""

    async def is_asked() -> list[bool]:
        async with online.followed(world.task()) as (context, _):
            pid, connection = context.lock_pid, context.connection
            async with context.transaction() as writing:
                await handovers.offer(writing, pid)
                known = await handovers.offered(writing)
                assert known is not None
                async with handovers.asking(writing, known, "cutover", 600):
                    during = await handovers.request(writing, pid)
            return [during is not None, await handovers.request(connection, pid) is not None]

    assert asyncio.run(is_asked()) == [True, False]


def test_a_follower_of_another_machine_is_left_alone(world: World) -> None:
    world.events.clear()
    error = refusal(world, change="UPDATE payrollx_meta.handover SET host = 'elsewhere'")
    assert "elsewhere" in (error.hint or "")
    assert not any(isinstance(event, Notice) and "asked to hand over" in event.text for event in world.events)


AGREES_AT_ONCE = """
CREATE FUNCTION public.agree() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.agreed_at := pg_catalog.clock_timestamp(); RETURN NEW; END';
CREATE TRIGGER agree BEFORE UPDATE ON payrollx_meta.handover
    FOR EACH ROW WHEN (NEW.asked_for IS NOT NULL) EXECUTE FUNCTION public.agree()
"""


def test_one_that_has_agreed_gets_time_to_end_its_pass(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PASS_ENDS", 0.5)
    try:
        error = refusal(world, change=AGREES_AT_ONCE)
    finally:
        query(world.target, "DROP FUNCTION IF EXISTS public.agree() CASCADE")
    assert "ends after its pass: try again" in (error.hint or "")


@pytest.mark.long
def test_an_offer_of_a_killed_process_means_nothing(world: World) -> None:
    query(world.target, "DELETE FROM payrollx_meta.handover")
    query(
        world.target, "INSERT INTO payrollx_meta.handover (lock_pid, host, process) VALUES (pg_backend_pid(), 'x', 1)"
    )
    events: list[object] = []
    asyncio.run(moving.cutover(world.task(observer=events.append), LIMITS))
    assert not any(isinstance(event, Notice) and "hand over" in event.text for event in events)
    roll_back(world)
