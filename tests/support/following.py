"""Following in one process: a world's databases copied while they may be written, and passes on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from worlds import World

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow.beginning import read_flows
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.judges import judges_of
from payrollx_db.consolidate.follow.judging import RowJudge
from payrollx_db.consolidate.follow.ledger import RunLedger
from payrollx_db.consolidate.follow.settle import Followed
from payrollx_db.consolidate.opening import opened, planned
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import accounts
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.model.policy import Policies

T = TypeVar("T")


@dataclass
class Following:
    """A world that is followed: the context of its run, its plan, and a follower and a judge for each database."""

    world: World
    context: RunContext
    plan: Plan
    followers: dict[str, Follower]
    judges: dict[str, RowJudge]

    async def passes(self) -> None:
        """Bring over all that was committed before."""
        for follower in self.followers.values():
            await follower.one_pass(barrier=True)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[dict[str, Followed]]:
        """Do a pass of each database, and hold the snapshots that the target equals then."""
        async with AsyncExitStack() as stack:
            followed = {}
            for name, follower in self.followers.items():
                holding = await stack.enter_async_context(follower.holding())
                followed[name] = Followed(follower.flow, self.judges[name], holding.reader)
            yield followed


def follow(
    world: World,
    work: Callable[[Following], Awaitable[T]],
    policies: str = "",
) -> T:
    """Copy the world so that it can be followed, and do ``work`` with what follows it."""

    async def all_of_it() -> T:
        await pipeline.copy(replace(world.task(), following=True, policies=Policies.read(policies.split())))
        async with following(world, policies) as followed:
            return await work(followed)

    return asyncio.run(all_of_it())


@asynccontextmanager
async def following(world: World, policies: str = "") -> AsyncIterator[Following]:
    """Follow a world for which all is made, from where it was left."""
    task = replace(world.task(), following=True, policies=Policies.read(policies.split())).placed()
    async with opened(task) as context, exclusive(context.target) as session, AsyncExitStack() as stack:
        plan = await planned(context, task)
        runs = await accounts.writing_runs(session.connection)
        running = context.of_run(max(runs.values()), session)
        followers = {}
        flows, findings = await read_flows(context, plan)
        assert not findings, findings
        judges = await judges_of(running, plan, flows)
        for flow in flows:
            judge = judges[flow.name]
            follower = followers[flow.name] = Follower(flow, RunLedger(flow, session.lock_pid), judge=judge)
            stack.push_async_callback(follower.close)
            await follower.connect()
        yield Following(world, running, plan, followers, judges)
