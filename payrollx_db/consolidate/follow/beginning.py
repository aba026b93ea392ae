"""The beginning of a copy whose sources go on being written: the slots first, so that they are older than every part.

Each part has a snapshot of its own, and what is changed after it is in the log of a slot that is older. That a part has
some of it already does no harm: a pass brings keys to their newest state.
"""

from collections.abc import Sequence

from payrollx_db.consolidate.check.online.examine import examine
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow import making
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.forward import flows_of
from payrollx_db.consolidate.follow.identities import read_identities
from payrollx_db.consolidate.follow.shapes import fingerprint
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import flows as state
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.runs import Run, has_written
from payrollx_db.errors import StateConflictError
from payrollx_db.model.finding import Finding, refuse
from payrollx_db.postgres.replication.connection import lsn_number
from payrollx_db.postgres.replication.slots import refuse_unfit, slot_state


async def read_flows(context: Context, plan: Plan) -> tuple[tuple[Flow, ...], tuple[Finding, ...]]:
    """Return the forward flow of each source of ``plan``, and what keeps tables from being followed. SourceError."""
    identities = {
        name: await read_identities(context.sessions, context.sources[name], list(database.tables.values()))
        for name, database in plan.sources.items()
    }
    return flows_of(plan, context.sources, context.target, identities)


async def begin(
    context: Context, session: RunSession, plan: Plan, left: Plan, unfinished: Run | None, same: Sequence[str] = ()
) -> tuple[FlowState, ...]:
    """Make the slots and publications of ``plan``'s sources that aren't there, and return the flows that are new.

    ``left`` is what will be copied of it, by the ``unfinished`` run where there is one. A database some of whose tables
    were copied before it had a slot is compared with the target when it is followed first. Raises FindingsError where
    something can't be followed, StateConflictError where rows of the unfinished run are older than the slots,
    SlotLostError, SourceError or TargetError.
    """
    flows, findings = await read_flows(context, plan)
    refuse(findings)
    recorded = {flow.database: flow for flow in await state.flows(session.connection, "forward")}
    if not {flow.name for flow in flows} <= recorded.keys():
        refuse(o.finding for o in (await examine(context, plan)).obstacles if "follow" in o.hinders)
    await migrate(session)
    written = unfinished is not None and await has_written(session.connection, unfinished.id)
    copied = {table.place for table in left.copies}
    new: list[str] = []
    for flow in flows:
        known = recorded.get(flow.name)
        if known is not None and known.status in (state.FOLLOWING, state.RESYNC) and known.maps == fingerprint(flow):
            making.refuse_other_place(flow, known, same)
            await _refuse_lost(context, flow, known)
            continue
        if written and unfinished is not None:
            raise StateConflictError(
                f"rows that run {unfinished.id} has copied are older than what would be made to follow {flow.name}",
                hint="finish it without following, then follow, which compares both sides first;"
                " or begin anew with payrollx-db copy --follow --restart",
            )
        whole = all(move.plan is None or move.plan.place in copied for move in flow.moves)
        await making.make(context, session, flow, None, state.FOLLOWING if whole else state.RESYNC)
        new.append(flow.name)
    return tuple(flow for flow in await state.flows(session.connection, "forward") if flow.database in new)


async def give_up(context: Context, session: RunSession, made: Sequence[FlowState]) -> None:
    """Drop what was made for a copy that isn't to be: a slot that nobody reads fills its server's disk."""
    await making.drop(context, session, made)


async def _refuse_lost(context: Context, flow: Flow, known: FlowState) -> None:
    async with context.sessions.session(flow.read) as connection:
        with flow.read.translating_errors(f"can't look for slot {known.slot}"):
            found = await slot_state(connection, known.slot)
    refuse_unfit(found, known.slot, lsn_number(known.place or "0/0"))
