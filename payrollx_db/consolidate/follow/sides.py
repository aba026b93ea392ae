"""Which way each database is followed: into the unified one until the cutover, and back from then on."""

import asyncio
from collections.abc import Collection, Sequence

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.follow.back_ledger import BackLedger, may_act_as_replica
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.follower import Follower
from payrollx_db.consolidate.follow.going_back import back_judges, going_back
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state import flows as state
from payrollx_db.consolidate.state.switches import CLOSED, COMPLETE, LEGACY_IS_WRITTEN, OPEN, ROLLING_BACK, switches
from payrollx_db.errors import StateConflictError
from payrollx_db.postgres.session import Connection


async def split_by_direction(
    context: RunContext, flows: Sequence[Flow], *, anew: bool = False
) -> tuple[list[Flow], list[str]]:
    """Return the flows of databases that are written still, and the names of those that were cut over.

    Those that are complete follow no more. Raises StateConflictError where a rollback isn't finished, for that goes on
    by itself; but not with ``anew``, where the unified database is still the one that is written: a lost slot keeps a
    rollback from going on.
    """
    with context.target.translating_errors("can't read the recorded switches"):
        known = await switches(context.connection, [flow.name for flow in flows])
    again = {name for name, s in known.items() if anew and s.stage == ROLLING_BACK and s.step != CLOSED}
    for flow in flows:
        if known[flow.name].stage == ROLLING_BACK and flow.name not in again:
            raise StateConflictError(
                f"a rollback of {flow.name} was begun and isn't finished", hint="payrollx-db rollback finishes it"
            )
    forward = [flow for flow in flows if known[flow.name].stage in LEGACY_IS_WRITTEN]
    return forward, [flow.name for flow in flows if known[flow.name].stage == OPEN or flow.name in again]


async def followers_back(context: RunContext, plan: Plan, names: Collection[str]) -> list[Follower]:
    """Return followers of the unified database into these legacy ones, where a way back was begun.

    Raises SourceError or TargetError.
    """
    if not names:
        return []
    with context.target.translating_errors("can't read the recorded flows"):
        begun = {flow.database for flow in await state.flows(context.connection, "back")}
    going = await going_back(context, context.connection, plan)
    flows = [flow for flow in going.flows if flow.name in names and flow.name in begun]
    with context.target.translating_errors("can't read which rows are stuck"):
        judges = await back_judges(going, context.connection, flows)
    replicas = await asyncio.gather(*(may_act_as_replica(flow.written) for flow in flows))
    return [
        Follower(flow, BackLedger(flow, as_replica=replica), judge=judge)
        for flow, judge, replica in zip(flows, judges, replicas, strict=True)
    ]


async def refuse_moved(context: Context, connection: Connection, databases: Collection[str]) -> None:
    """Raise StateConflictError where one of these legacy databases isn't the one that is written any more, or may not
    be: what its rows went to holds newer ones.
    """
    with context.target.translating_errors("can't read the recorded switches"):
        known = await switches(connection)
    for name, switch in known.items():
        if name in databases and switch.stage in (OPEN, ROLLING_BACK, COMPLETE):
            raise StateConflictError(
                f"services write the tables of {name} in the unified database, or did (stage {switch.stage})",
                hint="payrollx-db complete ends that for good, payrollx-db rollback brings the services back",
            )
