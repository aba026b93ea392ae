"""Worlds whose legacy databases follow the unified one back: what a cutover makes for it, and passes on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from conftest import unique
from worlds import World, query

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.follow.back_judge import BackJudge
from payrollx_db.consolidate.follow.back_ledger import BackLedger, begin_place, make_place
from payrollx_db.consolidate.follow.backward import flows_back
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.follower import Follower, published
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.state import quarantine
from payrollx_db.consolidate.state.runs import runs
from payrollx_db.consolidate.state.stuck import stuck_keys
from payrollx_db.postgres.replication.connection import lsn_text
from payrollx_db.postgres.replication.publications import create_publication
from payrollx_db.postgres.replication.slots import create_slot
from payrollx_db.postgres.session import session


class Back:
    """The flows back of a world, each with its follower, after a cutover."""

    def __init__(self, world: World, flows: tuple[Flow, ...], followers: dict[str, Follower]) -> None:
        self.world, self.flows, self.followers = world, flows, followers

    async def passes(self) -> dict[str, Any]:
        """Bring every legacy database to where the unified one is."""
        return {name: await follower.one_pass(barrier=True) for name, follower in self.followers.items()}

    async def stuck(self, database: str) -> dict[str, dict[str, str]]:
        """Return what is recorded of stuck rows."""
        async with session(self.world.task().target) as connection:
            return await stuck_keys(connection, database)


@asynccontextmanager
async def following_back(world: World, *, as_replica: bool = True, whole: Collection[str] = ()) -> AsyncIterator[Back]:
    """Copy a world, and do what the cutover does, so that its legacy databases follow back from there."""
    task = world.task()
    plan = await _decided(world, await pipeline.plan(task))
    flows, findings = flows_back(plan, task.sources, task.target, whole=whole)
    assert not findings, findings
    followers: dict[str, Follower] = {}
    try:
        for flow in flows:
            await _make(world, flow)
            out = {t.source.full_name: t.out for t in plan.tables if t.database == flow.name}
            judge = BackJudge(flow, quarantined=out)
            followers[flow.name] = Follower(flow, BackLedger(flow, as_replica=as_replica), judge=judge)
            await followers[flow.name].connect()
        yield Back(world, flows, followers)
    finally:
        for follower in followers.values():
            await follower.close()


def run_back(
    world: World, work: Callable[[Back], Coroutine[Any, Any, None]], *, policies: Any = None, **options: Any
) -> None:
    """Copy a world, and run ``work`` while its legacy databases follow back."""
    if policies is None:
        world.copy()
    else:
        world.copy_with(world.task(), policies)

    async def all_of_it() -> None:
        async with following_back(world, **options) as back:
            await work(back)

    asyncio.run(all_of_it())


async def _decided(world: World, plan: Plan) -> Plan:
    async with session(world.task().target) as connection:
        return apply(plan, await quarantine.decisions(connection, [run.id for run in await runs(connection)]))


async def _make(world: World, flow: Flow) -> None:
    name = f"{flow.slot}_{unique('b')}"[:63].lower()
    object.__setattr__(flow, "slot", name)  # two tests may have the same target's name
    async with session(flow.read) as connection:
        await create_publication(connection, flow.publication, published(flow.watched))
    place = await create_slot(flow.read, name)
    async with session(flow.written) as connection:
        await connection.execute("SET default_transaction_read_only = off")
        await make_place(connection)
        await connection.execute(begin_place(flow, lsn_text(place)))


def rows(url: Any, table: str, columns: str = "*", order: str = "1") -> list[tuple[Any, ...]]:
    """Return a table's rows, in order."""
    return query(url, f"SELECT {columns} FROM {table} ORDER BY {order}")
