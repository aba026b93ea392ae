"""The cutover itself: from the fence before the legacy databases to the open unified one.

Until the gates are committed, whatever goes wrong lets the writers of the legacy databases go on, and so does our own
end. Then all of them refuse writes, and the unified database is opened by one transaction, which says so as well.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy import triggers
from payrollx_db.consolidate.cutover import keys as foreign_keys
from payrollx_db.consolidate.cutover import sequences
from payrollx_db.consolidate.cutover.fence import Fence, fenced
from payrollx_db.consolidate.cutover.keys import Keys
from payrollx_db.consolidate.cutover.lines import Line
from payrollx_db.consolidate.cutover.parties import Settles, WayBack
from payrollx_db.consolidate.cutover.posts import QUICK_DEADLOCKS, may_set_deadlock_timeout, read_shape
from payrollx_db.consolidate.cutover.preparing import prepare_gates
from payrollx_db.consolidate.cutover.sequences import Furthest
from payrollx_db.consolidate.cutover.switching import Switching, within
from payrollx_db.consolidate.follow import closing
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.gate import Gate
from payrollx_db.consolidate.follow.settler import SettledAndProven
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.state import switches
from payrollx_db.consolidate.state.switches import FENCED, FENCING, FOLLOWING, OPEN
from payrollx_db.errors import LayoutMismatchError, PayrollxError, StateConflictError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.concurrency import all_of, together
from payrollx_db.postgres.replication.connection import lsn_text
from payrollx_db.postgres.replication.publications import barrier as put_barrier
from payrollx_db.postgres.sequences import ColumnSequence, set_positions
from payrollx_db.postgres.session import Connection, run, session


@dataclass(frozen=True)
class Prepared:
    """What was read before the fence: shapes and sequences of the legacy databases, keys and numbers of the target.

    ``names`` are all tables of the unified database that are opened, their partitions too.
    """

    names: frozenset[str]
    shapes: dict[str, str]
    held: dict[str, list[ColumnSequence]]
    furthest: Furthest
    keys: Keys


async def prepare(switching: Switching, away: Collection[str]) -> Prepared:
    """Make the gates, and read what would take long behind the fence; ``away`` are the tables of the unified database
    that legacy ones still hold then. Raises FenceError, SourceError or TargetError.
    """
    context = switching.context
    await closing.close(context, [follower.flow for follower in switching.followers])
    await asyncio.gather(*(prepare_gates(line.fenced()) for line in switching.lines))
    shapes: dict[str, str] = {}
    held: dict[str, list[ColumnSequence]] = {}
    for line in switching.lines:
        async with session(line.source) as connection:
            with line.source.translating_errors("can't read its tables and sequences"):
                shapes[line.database] = await read_shape(connection)
                held[line.database] = await sequences.held(connection, line.source_tables)
    with context.target.translating_errors("can't read the sequences"):
        furthest = await sequences.read_before(context.connection, switching.plan, switching.target_tables)
        tables = await gates.gated_tables(context.connection, Gate.of_target(""), switching.target_tables)
    names = frozenset(table.full_name for table in tables)
    return Prepared(names, shapes, held, furthest, await foreign_keys.keys_of(await _impatient(context), away))


async def cut_over(switching: Switching, prepared: Prepared, settling: Settles, way_back: WayBack | None) -> float:
    """Close the legacy databases, and open the unified one; return how long writers waited.

    Raises FenceError where the locks aren't to be had, or it would take too long; FindingsError where rows are in the
    way; LayoutMismatchError where tables were changed meanwhile; SourceError, TargetError or FenceLostError. Then
    nothing has changed, and the writers go on; but where the gates were committed, StateConflictError says so.
    """
    await switching.record(FENCING, "fence", durable=True)
    closed = False
    try:
        async with _fence(switching, prepared) as fence:
            async with within(fence, switching.limits):
                await _behind_the_fence(switching, fence, prepared, settling, way_back)
            async with switching.timed("gates"):
                recorded = switching.record(FENCING, "gates", durable=True)
                await fence.commit_gates(recorded, partial(_refuse_other_shapes, prepared.shapes))
            closed = True
            await _open(switching, fence)
            return fence.seconds
    except BaseException as error:
        if closed:
            raise _not_opened(switching, error) from error
        await asyncio.shield(_undo(switching))
        raise


async def undo(switching: Switching) -> None:
    """Undo cutovers that were begun and not finished: nothing is open for their lines, so the legacy side opens again.

    Raises StateConflictError where a line's tables are open in the unified database; SourceError or TargetError.
    """
    context = switching.context
    for line in switching.lines:
        with context.target.translating_errors("can't read its gates"):
            if await gates.is_closed(context.connection, line.target_gate) is False:
                raise StateConflictError(
                    f"the tables of {line.database} take writes in the unified database already",
                    hint="payrollx-db cutover finishes what was begun; then payrollx-db rollback brings it back",
                )
    async with switching.timed("open"):
        await open_sources(switching)
    await _undo(switching)


async def open_sources(switching: Switching, sessions: Mapping[str, Connection] | None = None) -> None:
    """Open the gates of the legacy databases, all at once, where they are there. Raises SourceError.

    ``sessions`` are there already, by database; where one is lost meanwhile, or there is none, another is opened.
    """
    known = dict(sessions or {})

    async def one(line: Line) -> None:
        endpoint = line.fenced().writing
        mine = known.pop(line.database, None)
        async with nullcontext(mine) if mine is not None else session(endpoint) as connection:
            with endpoint.translating_errors("can't open its gate"):
                if await gates.is_closed(connection, line.source_gate):
                    await run(connection, line.source_gate.open())

    observer = switching.context.observer
    await asyncio.gather(*(retry_transient(partial(one, line), line.database, observer) for line in switching.lines))


async def _impatient(context: RunContext) -> RunContext:
    """Return the context whose new sessions with the target make autovacuum give way soon, where we may say so.

    It does when somebody has waited for as long as deadlock_timeout: usually a second, which counts behind a fence.
    """
    async with session(context.target) as connection:
        with context.target.translating_errors("can't read what it may set"):
            if not await may_set_deadlock_timeout(connection):
                return context
    settings = {**context.target.settings, "deadlock_timeout": QUICK_DEADLOCKS}
    return replace(context, target=replace(context.target, settings=settings))


# --- the steps -----------------------------------------------------------------------------------------


def _fence(switching: Switching, prepared: Prepared) -> AbstractAsyncContextManager[Fence]:
    databases = [line.fenced(prepared.held[line.database]) for line in switching.lines]
    limits = switching.limits
    return fenced(databases, limits.patience, terminate=limits.terminate, observer=switching.context.observer)


async def _behind_the_fence(
    switching: Switching, fence: Fence, prepared: Prepared, settling: Settles, way_back: WayBack | None
) -> None:
    """Bring the unified database to where the legacy ones stand still, rows, sequences, keys; and begin the way back.

    None of these steps is recorded by itself: whoever comes after a kill in one of them does the same, and writers wait
    for each record.
    """
    switching.seconds["fence"] = fence.seconds
    async with switching.timed("drain"):
        await switching.passes(barrier=True)
    settled = await all_of(_settle(switching, settling), _set_sequences(switching, fence, prepared))
    if settled.arrived:
        await _set_sequences(switching, fence, prepared)  # what has come may hold further numbers
    # The rows stand still now. None of these changes one, and what was added goes down again where another fails.
    steps = [_prove(switching, settling, settled), _bring_back(switching, prepared)]
    await all_of(*steps, *([_begin_way_back(switching, fence, way_back)] if way_back is not None else []))


async def _settle(switching: Switching, settling: Settles) -> SettledAndProven:
    async with switching.timed("settle"):
        return await settling.settle_and_prove()


async def _prove(switching: Switching, settling: Settles, settled: SettledAndProven) -> None:
    async with switching.timed("prove"):
        if not settled.proven:
            await settling.prove()


async def _bring_back(switching: Switching, prepared: Prepared) -> None:
    async with switching.timed("keys"):
        await triggers.bring_back_of(switching.context, prepared.names)
        await prepared.keys.add()


def _refuse_other_shapes(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise LayoutMismatchError where tables aren't what they were before the fence: at the last moment before the
    gates are committed, since nothing keeps anybody from making new ones meanwhile.
    """
    changed = [name for name, shape in now.items() if shape != before[name]]
    if changed:
        raise LayoutMismatchError(
            f"tables of {', '.join(changed)} were made or changed since they were planned",
            hint="map what is new, or undo it, and run the same command again; nothing has changed",
        )


async def _set_sequences(switching: Switching, fence: Fence, prepared: Prepared) -> None:
    context = switching.context
    sources = {name: fence.connection(name) for name in switching.names}
    async with switching.timed("sequences"):
        with context.target.translating_errors("can't set the sequences"):
            async with context.sessions.session(context.target) as reading:
                due, messages = await sequences.forward(
                    reading, sources, switching.plan, switching.target_tables, prepared.furthest
                )
            if due:
                async with context.transaction() as connection:
                    await set_positions(connection, due)
        switching.tell([message for message in messages if message not in switching.messages])


async def _begin_way_back(switching: Switching, fence: Fence, way_back: WayBack) -> None:
    """Let the way back begin here: all that was brought over lies before it, all that services write behind it.

    It is stored in the transactions that close the gates.
    """
    async with switching.timed("way back"):
        position = await flushed_position(switching)
        await way_back.begin(position, {name: fence.connection(name) for name in switching.names})


async def flushed_position(switching: Switching) -> str:
    """Return up to where the unified database's log is written, with all rows that we have written before it."""
    context = switching.context
    # Not in the run's own session, where a transaction of another step may be open: this is one by itself.
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read how far its log is written"):
            return lsn_text(await put_barrier(connection, "the way back begins"))


async def _open(switching: Switching, fence: Fence) -> None:
    """Open the unified database, once every gate of the legacy ones is seen to refuse writes."""
    async with switching.timed("check the gates"):
        checks = [_refuse_open(line, fence.connection(line.database)) for line in switching.lines]
        await together([switching.record(FENCED, "check the gates", durable=True), *checks])
    async with switching.timed("open"):
        await retry_transient(lambda: _open_target(switching, fence), "opening the target", switching.context.observer)


async def _refuse_open(line: Line, connection: Connection) -> None:
    """Raise StateConflictError where a gate doesn't refuse all writes to the tables of its database."""
    with line.source.translating_errors("can't read its gate"):
        missing = await gates.stands(connection, line.source_gate, line.source_tables)
    if missing:
        raise StateConflictError(f"{line.database} isn't closed", details=tuple(missing))


async def _open_target(switching: Switching, fence: Fence) -> None:
    context = switching.context
    stop = {"stop_seconds": round(fence.seconds, 3), "keys": switching.keys}
    with context.target.translating_errors("can't be opened"):
        recorded = switches.recording(switching.names, OPEN, "opened", stop, durable=True)
        await context.session.commit([*(line.target_gate.open() for line in switching.lines), *recorded])


async def _undo(switching: Switching) -> None:
    """Go back to following: the writers go on already, and the keys that were added go down again."""
    try:
        await closing.close(switching.context, switching.forward)
        await switching.record(FOLLOWING, "undone")
    except PayrollxError as error:  # the next call finds the stage, and does the same
        switching.context.observer(Notice(f"what the cutover has begun isn't undone yet: {error.message}"))


def _not_opened(switching: Switching, error: BaseException) -> PayrollxError:
    reason = error.message if isinstance(error, PayrollxError) else type(error).__name__
    return StateConflictError(
        f"{', '.join(switching.names)} refuse writes by now, and the unified database isn't open: {reason}",
        details=error.details if isinstance(error, PayrollxError) else (),
        hint="payrollx-db cutover goes on and opens it; payrollx-db rollback opens the legacy databases again",
    )
