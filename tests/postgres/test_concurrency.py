"""Several coroutines at once: in which order, with which error, and what Ctrl-C does to them."""

import asyncio
import signal
from contextlib import suppress

import pytest

from payrollx_db.postgres.concurrency import answer_of, taking_turns, together


async def failing(error: BaseException) -> None:
    await asyncio.sleep(0.001)
    raise error


async def sleeping(ended: list[str]) -> None:
    try:
        await asyncio.sleep(100)
    finally:
        await asyncio.sleep(0.01)
        ended.append("sleeper")


def test_the_first_to_fail_ends_the_others_and_is_raised_alone() -> None:
    ended: list[str] = []

    async def work() -> None:
        await together([sleeping(ended), failing(ValueError("first"))])

    with pytest.raises(ValueError, match="first"):
        asyncio.run(work())
    assert ended == ["sleeper"]


def test_nothing_at_once_is_nothing() -> None:
    async def work() -> list[int]:
        return await together([])

    assert asyncio.run(work()) == []


def test_ctrl_c_is_heard_after_an_error_that_was_dealt_with() -> None:
    """A TaskGroup would leave its caller cancelled once already, and asyncio wouldn't know its own interruption."""

    async def work() -> None:
        with suppress(ValueError):
            await together([failing(ValueError()), asyncio.sleep(100)])
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(100)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())


def test_ctrl_c_counts_more_than_what_fails_because_of_it() -> None:
    async def cut_off() -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise ValueError("canceling statement due to user request") from None

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.01, signal.raise_signal, signal.SIGINT)
        with suppress(ValueError):
            await together([cut_off(), cut_off()])
        await asyncio.sleep(100)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())


def test_neighbours_are_of_different_groups_and_each_keeps_its_order() -> None:
    tables = ["auth.users", "auth.logins", "auth.roles", "pay.runs", "pay.items", "org.units"]

    turns = taking_turns(tables, lambda name: name.partition(".")[0])

    assert turns == ["auth.users", "pay.runs", "org.units", "auth.logins", "pay.items", "auth.roles"]


def test_the_text_of_an_answer_is_never_asked_for() -> None:
    """As its handler of SIGINT is taken away, asyncio writes the result of a task out; of a plan, that takes long."""
    asked: list[str] = []

    class Plan:
        def __repr__(self) -> str:
            asked.append("repr")
            return "a plan of many tables"

    async def made() -> Plan:
        return Plan()

    assert isinstance(answer_of(made()), Plan)
    assert asked == []
