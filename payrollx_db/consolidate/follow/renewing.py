"""A way back whose slot was lost is begun anew: a new slot in the unified database, and all rows are held against it.

What the log told after the place of the lost slot is told by nobody any more. So the first pass reads every row of the
unified tables, and writes those of the legacy tables that differ. Until that pass is done the flow says `RESYNC`, and
no rollback trusts it.
"""

from collections.abc import Sequence

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.follow import making
from payrollx_db.consolidate.follow.back_ledger import BEGIN, begin_place, make_place
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.work import Further
from payrollx_db.consolidate.state import flows as state
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.session import run, session


async def renew_back(context: RunContext, followers: Sequence[Follower], *, anew: bool = False) -> None:
    """Begin those of these flows back anew that aren't in step, or with ``anew`` all; the followers aren't connected.

    Raises as `Follower.one_pass`, SlotLostError where the new slot is lost meanwhile.
    """
    recorded = await _recorded(context)
    known = [follower for follower in followers if follower.flow.name in recorded]
    due = [f for f in known if anew or recorded[f.flow.name].status != state.FOLLOWING]
    for follower in due:  # all first: what is cut off then is recorded of each, and goes on by itself
        await making.make(context, context.session, follower.flow, context.run, state.RESYNC)
    for follower in due:
        await _begin_at_slot(context, follower.flow)
        await _bring_all(context, follower)


async def refuse_out_of_step(context: RunContext, flows: Sequence[Flow]) -> None:
    """Raise StateConflictError where rows of the unified database may be missing in one of these legacy databases."""
    recorded = await _recorded(context)
    for flow in flows:
        known = recorded.get(flow.name)
        if known is not None and known.status != state.FOLLOWING:
            raise StateConflictError(
                f"the way back into {flow.name} was begun anew, and its rows aren't compared yet",
                hint="payrollx-db follow compares them, and goes on from there",
            )


async def _begin_at_slot(context: RunContext, flow: Flow) -> None:
    """Record in the legacy database that the flow begins where its new slot does."""
    known = (await _recorded(context))[flow.name]
    statement = begin_place(flow, known.place or "0/0", read_place=known.read_place, surroundings=known.surroundings)
    async with session(flow.written) as connection:
        with flow.written.translating_errors("can't store where its flow begins"):
            await run(connection, BEGIN)
            await make_place(connection)
            await run(connection, statement)
            await run(connection, sql.SQL("COMMIT"))


async def _bring_all(context: RunContext, follower: Follower) -> None:
    """Read all rows that go back, write those that differ, and record that the flow is in step."""
    flow = follower.flow
    context.observer(Notice(f"{flow.name}: comparing {len(flow.moves)} tables, to bring back what differs"))
    try:
        await follower.connect()
        passed = await follower.one_pass(
            barrier=True, further=Further(whole={watched.table.oid for watched in flow.watched})
        )
        while passed.partial:
            passed = await follower.one_pass(barrier=True)
        await follower.finish()
    finally:
        await follower.close()
    async with context.transaction() as connection:
        await connection.execute("SET LOCAL synchronous_commit = on")
        await state.set_status(connection, (flow.name, flow.direction), state.FOLLOWING)


async def _recorded(context: RunContext) -> dict[str, FlowState]:
    with context.target.translating_errors("can't read the recorded flows"):
        return {flow.database: flow for flow in await state.flows(context.connection, "back")}
