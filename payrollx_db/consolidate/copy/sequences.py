"""Sequences: after the copy, the next row that a service inserts gets a number that nobody has."""

from collections.abc import Collection, Iterable, Sequence

import psycopg

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.plan.sequences import Expectation, expected_position, filled_uses, origins_of
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.sequences import record_positions
from payrollx_db.errors import PayrollxError, TargetError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.sequences import (
    AT_ONCE,
    ColumnSequence,
    Position,
    read_furthest,
    read_named_sequences,
    read_sequences,
    set_positions,
    setting_position,
    with_positions,
)
from payrollx_db.postgres.session import Connection, Endpoint

Settings = Sequence[tuple[ColumnSequence, Position]]


async def set_sequences(context: Context, session: RunSession, plan: Plan, run: int | None = None) -> None:
    """Let each sequence of the filled columns go on where its columns, or the source's own sequence, have come to.

    So do those that no column uses, where the layout names them.

    What can't be said or done so is told to the observer. ``run`` records where they stood before, so that undoing it
    puts them back. Raises SourceError or TargetError; the latter names those sequences that could not be set, when
    all others are.
    """
    target = context.target
    with target.translating_errors("can't read the sequences"):
        sequences = await target_sequences(context, session.connection, plan)
    sources = await all_source_sequences(context, plan) if sequences else {}
    with target.translating_errors("can't read the sequences"):
        expectations = await _expectations(session.connection, plan, sequences, sources)
    expectations += await free_expectations(context, session.connection, plan)
    for expectation in expectations:
        for message in expectation.messages:
            context.observer(Notice(f"sequence {expectation.sequence.full_name}: {message}"))
    due = [(e.sequence, e.position) for e in expectations if e.position is not None]
    if run is not None and due:
        async with session.transaction() as connection:
            await record_positions(connection, run, due)
    await set_each(session, due)


async def set_by_rows(session: RunSession, tables: Collection[int]) -> None:
    """Let the sequences of ``tables`` (oids) go on where the rows there have come to. Raises TargetError."""
    with session.endpoint.translating_errors("can't read the sequences"):
        sequences = await read_sequences(session.connection, tables)
        furthest = await read_furthest(session.connection, sequences)
    expectations = [expected_position(sequence, furthest.get(sequence.oid), ()) for sequence in sequences]
    await set_each(session, [(e.sequence, e.position) for e in expectations if e.position is not None])


async def set_each(session: RunSession, due: Settings) -> None:
    """Set sequences, many at once; where that fails, each alone. Raises TargetError with the statements left to do."""
    failed: list[tuple[str, PayrollxError]] = []
    for start in range(0, len(due), AT_ONCE):
        batch = due[start : start + AT_ONCE]
        try:
            await _set(session, batch)
        except TargetError as error:
            if error.transient:
                raise
            failed += await _set_alone(session, batch)
    if failed:
        _, first = failed[0]
        raise TargetError(
            f"{len(failed)} of {len(due)} sequences can't be set: {first.message}",
            details=tuple(statement for statement, _ in failed),
            hint="remove the cause and call the copy again, or run these statements yourself",
        )


async def all_source_sequences(context: Context, plan: Plan) -> dict[str, tuple[ColumnSequence, ...]]:
    """Return the sequences of the tables that ``plan`` copies, by source. Raises SourceError."""
    names = list(plan.sources)
    sequences = await limited([source_sequences(context, plan, name) for name in names], context.jobs)
    return dict(zip(names, sequences, strict=True))


async def source_sequences(context: Context, plan: Plan, name: str) -> tuple[ColumnSequence, ...]:
    """Return the sequences of the tables that ``plan`` copies from one source. Raises SourceError."""
    oids = frozenset(table.source.oid for table in plan.copies if table.database == name)
    if not oids:
        return ()
    endpoint = context.sources[name]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read the sequences"):
            return await sequences_now(context, endpoint, connection, oids)


async def target_sequences(context: Context, connection: Connection, plan: Plan) -> tuple[ColumnSequence, ...]:
    """Return the sequences of the tables that ``plan`` fills. Raises what the driver raises."""
    oids = frozenset(table.target.oid for table in plan.copies)
    return await sequences_now(context, context.target, connection, oids)


async def sequences_now(
    context: Context, endpoint: Endpoint, connection: Connection, tables: frozenset[int]
) -> tuple[ColumnSequence, ...]:
    """Return the sequences of ``tables`` (oids) and where they stand now; which there are is read once a command.

    Not while services write: such a command may go on for days. Raises what the driver raises.
    """
    place = (endpoint, tables)
    known = context.sequences.get(place)
    if known is not None:
        try:
            return await with_positions(connection, known)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            pass  # somebody has dropped or renamed one, or taken its right away
    sequences = await read_sequences(connection, tables)
    if not context.following:
        context.sequences[place] = sequences
    return sequences


async def free_expectations(context: Context, connection: Connection, plan: Plan) -> list[Expectation]:
    """Say where the sequences that no column uses have to stand. ``connection`` is with the target.

    Raises SourceError or TargetError.
    """
    expectations: list[Expectation] = []
    for name, targets in plan.free_sequences.items():
        endpoint = context.sources[name]
        async with context.sessions.session(endpoint) as reading:
            with endpoint.translating_errors("can't read the sequences"):
                theirs = await read_named_sequences(reading, targets.keys())
        with context.target.translating_errors("can't read the sequences"):
            ours = await read_named_sequences(connection, targets.values())
        expectations += [
            expected_position(ours[target], None, (theirs[source],))
            for source, target in targets.items()
            if source in theirs and target in ours
        ]
    return expectations


async def _expectations(
    connection: Connection,
    plan: Plan,
    sequences: Sequence[ColumnSequence],
    sources: dict[str, tuple[ColumnSequence, ...]],
) -> list[Expectation]:
    furthest = await read_furthest(connection, sequences)
    origins = origins_of(plan, sequences, sources)
    return [expected_position(s, furthest.get(s.oid), origins[s.oid], filled_uses(plan, s)) for s in sequences]


async def _set(session: RunSession, due: Iterable[tuple[ColumnSequence, Position]]) -> None:
    with session.endpoint.translating_errors("can't set the sequences"):
        async with session.transaction() as connection:
            await set_positions(connection, [(sequence.oid, position) for sequence, position in due])


async def _set_alone(session: RunSession, due: Settings) -> list[tuple[str, PayrollxError]]:
    failed: list[tuple[str, PayrollxError]] = []
    for sequence, position in due:
        try:
            await _set(session, [(sequence, position)])
        except TargetError as error:
            if error.transient:
                raise
            failed.append((setting_position(sequence, position), error))
    return failed
