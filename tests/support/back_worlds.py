"""Worlds whose legacy databases follow the unified one back: what a cutover makes for it, and passes on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from conftest import unique
from worlds import World, query

from payrollx_db.consolidate.follow.back_ledger import BackLedger, begin_place, make_place
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.follower import Follower, published
from payrollx_db.consolidate.follow.going_back import back_judges, going_back
from payrollx_db.consolidate.opening import opened, planned
from payrollx_db.consolidate.state.stuck import stuck_keys
from payrollx_db.postgres.replication.connection import lsn_text
from payrollx_db.postgres.replication.publications import create_publication
from payrollx_db.postgres.replication.slots import create_slot
from payrollx_db.postgres.session import Endpoint, session


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
async def following_back(world: World, *, as_replica: bool = True) -> AsyncIterator[Back]:
    """Do what the cutover of a copied world does, so that its legacy databases follow back from there."""
    task = world.task()
    followers: dict[str, Follower] = {}
    async with opened(task) as context, session(task.target) as connection:
        firing = None if as_replica else list(world.urls)
        going = await going_back(context, connection, await planned(context, task), firing=firing)
        assert not going.findings, going.findings
        try:
            for flow, judge in zip(going.flows, await back_judges(going, connection, going.flows), strict=True):
                await _make(context.target_as_given, flow)
                followers[flow.name] = Follower(flow, BackLedger(flow, as_replica=as_replica), judge=judge)
                await followers[flow.name].connect()
            yield Back(world, going.flows, followers)
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


async def _make(target: Endpoint, flow: Flow) -> None:
    name = f"{flow.slot}_{unique('b')}"[:63].lower()
    object.__setattr__(flow, "slot", name)  # two tests may have the same target's name
    async with session(target) as connection:
        await create_publication(connection, flow.publication, published(flow.watched))
    place = await create_slot(target, name)
    async with session(flow.written) as connection:
        await connection.execute("SET default_transaction_read_only = off")
        await make_place(connection)
        await connection.execute(begin_place(flow, lsn_text(place)))


def rows(url: Any, table: str, columns: str = "*", order: str = "1") -> list[tuple[Any, ...]]:
    """Return a table's rows, in order."""
    return query(url, f"SELECT {columns} FROM {table} ORDER BY {order}")
