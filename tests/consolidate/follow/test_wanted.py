"""Services that want a table alone (TRUNCATE, LOCK TABLE, DDL) while both sides are proven equal: they don't wait."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from worlds import World, query, value

from payrollx_db.consolidate import online, pipeline, proving
from payrollx_db.consolidate.follow.settle import leading_of
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.verify.verifier import Verdict, Verifier
from payrollx_db.errors import StateConflictError

PROOFS = "SELECT array_agg(database ORDER BY database) FROM payrollx_meta.proofs"
Compare = Callable[..., Coroutine[Any, Any, Verdict]]


class Service:
    """A service that takes a table alone whenever it is told to, in a thread, and counts how often it had it."""

    def __init__(self, world: World, statement: str) -> None:
        self.world, self.statement = world, statement
        self.times = 0

    async def work(self) -> None:
        """Do so, and wait until it is done."""
        await asyncio.to_thread(self._work)

    def _work(self) -> None:
        with psycopg.connect(self.world.urls["oldhall"].conninfo(), autocommit=True) as connection:
            connection.execute(self.statement)
        self.times += 1


@pytest.fixture
def copied(guild: World) -> Task:
    """The task by which the guild was copied and is followed."""
    task = replace(guild.task(), following=True)
    asyncio.run(pipeline.copy(task))
    return task


def after_comparing(monkeypatch: pytest.MonkeyPatch, service: Service, times: int) -> list[set[str]]:
    """Let the service work when all tables were compared and the snapshots are held yet; return what each time read."""
    compare_all: Compare = Verifier.all
    read: list[set[str]] = []

    async def compare(self: Verifier, *args: Any, **options: Any) -> Verdict:
        tables = {place for place in options["chosen"] if place not in self.known}
        read.append({source for source, _ in tables})
        verdict = await compare_all(self, *args, **options)
        if len(read) <= times:
            await service.work()
        return verdict

    monkeypatch.setattr(Verifier, "all", compare)
    return read


def test_it_does_not_wait_for_the_rest_of_a_proof_and_what_was_proven_is_not_read_again(
    guild: World, copied: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(guild, "UPDATE members SET name = 'x' || name; BEGIN; LOCK TABLE members; COMMIT")
    read = after_comparing(monkeypatch, service, 1)

    verdict = asyncio.run(online.verify(copied))

    assert verdict.identical
    assert service.times == 1
    assert read == [{"oldhall.public.members", "oldtill.public.payments"}, set()]
    assert query(guild.target, PROOFS) == [(["oldhall", "oldtill"],)]


@pytest.mark.long
def test_a_table_that_was_emptied_between_two_attempts_is_compared_whole(
    guild: World, copied: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(guild.urls["oldtill"], "UPDATE payments SET member = NULL")
    read = after_comparing(monkeypatch, Service(guild, "TRUNCATE members"), 1)

    assert asyncio.run(online.verify(copied)).identical
    assert read[1:] == [{"oldhall.public.members"}]
    assert value(guild.target, "SELECT count(*) FROM hall.members") == 0


@pytest.mark.long
def test_a_row_that_differs_after_an_attempt_that_found_its_table_identical_is_named(
    guild: World, copied: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is touched is compared again, and where it differs the whole table, so that all that does is named."""
    service = Service(guild, "BEGIN; LOCK TABLE members; COMMIT")
    read = after_comparing(monkeypatch, service, 1)
    work = service.work

    async def work_and_write() -> None:
        query(guild.urls["oldtill"], "UPDATE payments SET amount = '5' WHERE id = 5")
        await work()

    async def leading(*args: Any) -> Any:
        query(guild.target, "SET payrollx.flow = 'on'; UPDATE till.payments SET amount = 0 WHERE id = 5")
        return await leading_of(*args)

    monkeypatch.setattr(service, "work", work_and_write)
    monkeypatch.setattr(proving, "leading_of", leading)  # after the pass that brings the row
    verdict = asyncio.run(online.verify(copied))

    assert not verdict.identical
    assert read[1:] == [{"oldtill.public.payments"}]
    differing = [(t["target"], d["key"]) for t in verdict.document()["tables"] for d in t["differences"]]
    assert differing == [("till.payments", {"id": "5"})]
    assert query(guild.target, PROOFS) == [(["oldhall"],)]


@pytest.mark.long
def test_where_no_attempt_gets_further_the_tables_are_named_and_the_service_has_had_them_each_time(
    guild: World, copied: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "ATTEMPTS", 3)
    service = Service(guild, "BEGIN; LOCK TABLE members; COMMIT")
    after_comparing(monkeypatch, service, 99)

    with pytest.raises(StateConflictError) as failure:
        asyncio.run(online.verify(copied))

    assert failure.value.details == ("oldhall.public.members",)
    assert service.times >= 3
    asyncio.run(online.follow(copied, once=True))
