"""The way back: from the fence before the unified database's tables to the open legacy databases.

The fence is one transaction in the unified database, which closes its gates and records that it is closed. From then on
both sides are equal and neither is written, so the legacy databases are opened one after the other, by whoever comes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from payrollx_db.consolidate.cutover import sequences
from payrollx_db.consolidate.cutover.cutting_over import open_sources
from payrollx_db.consolidate.cutover.fence import Fence, fenced
from payrollx_db.consolidate.cutover.lines import fenced_target
from payrollx_db.consolidate.cutover.parties import WayForward
from payrollx_db.consolidate.cutover.switching import Switching, within
from payrollx_db.consolidate.run_session import write_behind_gate
from payrollx_db.consolidate.state import switches
from payrollx_db.consolidate.state.stuck import stuck_counts
from payrollx_db.consolidate.state.switches import BACK, CLOSED, OPEN, ROLLING_BACK
from payrollx_db.errors import FindingsError, PayrollxError, StateConflictError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.concurrency import all_of, together
from payrollx_db.postgres.replication.connection import lsn_text
from payrollx_db.postgres.replication.publications import barrier as put_barrier
from payrollx_db.postgres.sequences import ColumnSequence
from payrollx_db.postgres.session import Connection, session


async def roll_back(
    switching: Switching, held: list[ColumnSequence], forward: WayForward | None, *, leave_stuck: bool = False
) -> float:
    """Close the unified database's tables, and open the legacy databases; return how long writers waited.

    ``held`` are sequences of the unified database that are to stand still, ``forward`` the flows that follow the
    legacy databases again. Raises as `cutting_over.cut_over` does, and as `refuse_stuck`.
    """
    await switching.record(ROLLING_BACK, "fence", durable=True)
    closed = False
    limits, observer = switching.limits, switching.context.observer
    target = fenced_target(switching.context.target, switching.lines, held)
    try:
        async with (
            _writing(switching) as writing,
            fenced([target], limits.patience, terminate=limits.terminate, observer=observer) as fence,
        ):
            async with within(fence, limits):
                await _behind_the_fence(switching, fence, writing, forward, leave_stuck=leave_stuck)
            async with switching.timed("gates"):
                await fence.commit_gates(_record_closed(switching, fence.connection(target.name)))
            closed = True
            await open_again(switching, writing, fence)
            return fence.seconds
    except BaseException as error:
        if closed:
            raise _not_opened(switching, error) from error
        await asyncio.shield(_undo(switching))
        raise


async def open_again(
    switching: Switching, sessions: Mapping[str, Connection] | None = None, fence: Fence | None = None
) -> None:
    """Open the legacy databases, and record that they are the ones that are written.

    Only once the unified database's gates are closed, and everything of it has gone back. ``sessions`` as for
    `open_sources`.
    """
    async with switching.timed("open"):
        await open_sources(switching, sessions)
    stop = {"stop_seconds": round(fence.seconds, 3), "keys": switching.keys} if fence else None
    await switching.record(BACK, "opened", stop, durable=True)


async def _record_closed(switching: Switching, connection: Connection) -> None:
    """Record in the fence's own transaction that it is closed, so that both are done or neither."""
    context = switching.context
    recorded = switches.recording(switching.names, ROLLING_BACK, CLOSED, durable=True)
    with context.target.translating_errors("can't write the state tables"):
        await write_behind_gate(connection, context.target, context.lock_pid, "rollback", recorded)


@asynccontextmanager
async def _writing(switching: Switching) -> AsyncIterator[dict[str, Connection]]:
    """Yield a session with each legacy database, opened before the fence: writers would wait for the logins."""
    async with AsyncExitStack() as stack:
        opening = (stack.enter_async_context(session(line.fenced().writing)) for line in switching.lines)
        yield dict(zip(switching.names, await asyncio.gather(*opening), strict=True))


async def _behind_the_fence(
    switching: Switching,
    fence: Fence,
    writing: Mapping[str, Connection],
    forward: WayForward | None,
    *,
    leave_stuck: bool,
) -> None:
    """Bring the legacy databases to where the unified one stands still: rows and sequences.

    None of these steps is recorded by itself: whoever comes after a kill in one of them does the same.
    """
    switching.seconds["fence"] = fence.seconds
    await all_of(_drain(switching, leave_stuck=leave_stuck), _set_sequences(switching, fence, writing))
    if forward is not None:
        async with switching.timed("way forward"):
            await _begin_forward(switching, writing, forward)


async def _drain(switching: Switching, *, leave_stuck: bool) -> None:
    async with switching.timed("drain"):
        await switching.passes(barrier=True)
        await refuse_stuck(switching, leave=leave_stuck)  # what was written just before the fence may not fit either


async def _set_sequences(switching: Switching, fence: Fence, writing: Mapping[str, Connection]) -> None:
    async with switching.timed("sequences"):
        messages = await sequences.back(fence.connection("target"), writing, switching.plan, switching.target_tables)
        switching.tell(messages)


async def _begin_forward(switching: Switching, writing: Mapping[str, Connection], forward: WayForward) -> None:
    """Let the flows forward begin here: what has gone back lies before it, what services will write behind it."""
    context = switching.context
    positions: dict[str, str] = {}

    async def one(name: str, connection: Connection) -> None:
        with context.sources[name].translating_errors("can't read how far its log is written"):
            positions[name] = lsn_text(await put_barrier(connection, "the way forward begins"))

    await together([one(name, connection) for name, connection in writing.items()])
    with context.target.translating_errors("can't write the state tables"):
        await context.session.commit(forward.beginning(positions))


async def _undo(switching: Switching) -> None:
    try:
        await switching.record(OPEN, "undone")
    except PayrollxError as error:  # the next call finds the stage, and does the same
        switching.context.observer(Notice(f"what the rollback has begun isn't undone yet: {error.message}"))


def _not_opened(switching: Switching, error: BaseException) -> PayrollxError:
    reason = error.message if isinstance(error, PayrollxError) else type(error).__name__
    return StateConflictError(
        f"the unified database refuses writes of {', '.join(switching.names)} by now, and not all of these are open:"
        f" {reason}",
        details=error.details if isinstance(error, PayrollxError) else (),
        hint="payrollx-db rollback goes on and opens them",
    )


async def held_sequences(switching: Switching) -> list[ColumnSequence]:
    """Return the sequences of the unified database that are held still behind the fence. Raises TargetError."""
    context = switching.context
    with context.target.translating_errors("can't read the sequences"):
        return await sequences.held(context.connection, switching.target_tables)


async def refuse_stuck(switching: Switching, *, leave: bool) -> None:
    """Raise FindingsError where rows of the unified database can't go back, unless they are to be left there."""
    context = switching.context
    with context.target.translating_errors("can't read which rows are stuck"):
        counts = await stuck_counts(context.connection)
    stuck = [f"{name}: {n:,} of {t}" for name, by in counts.items() if name in switching.names for t, n in by.items()]
    if stuck and not leave:
        raise FindingsError(
            f"rows of the unified database can't go back, of {len(stuck)} legacy tables",
            details=tuple(stuck),
            hint="payrollx-db status says why; correct them, or leave them behind by --leave-stuck",
        )
    switching.tell([f"left behind: {line}" for line in stuck])
