"""Undoing: a run's tables empty again, every index and key in place, as if it had never been.

A run that meets data that doesn't fit undoes itself. `restart` undoes on demand, and only rows that are still
exactly those that a run has written: others' work isn't this tool's to throw away. What can't be restored keeps nothing
else from being restored, and is named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.copy import rows, triggers
from payrollx_db.consolidate.copy.emptying import empty_tables
from payrollx_db.consolidate.copy.restoring import enable_triggers, restore_dropped
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.accounts import accounts, count_touched
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.runs import Run, finish_run, runs
from payrollx_db.consolidate.state.sequences import reset_positions
from payrollx_db.consolidate.state.unrestored import Unrestored, unrestored
from payrollx_db.errors import StateConflictError, TargetError
from payrollx_db.model.events import Notice, Observer, StageStarted
from payrollx_db.model.wording import counted
from payrollx_db.postgres.introspect import Database, Table, read_database
from payrollx_db.postgres.session import Connection

Written = tuple[Run, Collection[str]]  # a run and the tables that it has written to
EMPTIED = "emptied by --restart"


async def undo(context: RunContext, run: Run, names: Collection[str], why: str) -> tuple[Unrestored, ...]:
    """Empty the tables that ``run`` was writing, and leave the target as it was before.

    Returns what could not be restored. Raises TargetError, and StateConflictError where others have written to them.
    """
    context.observer(StageStarted("undo", "emptying what the run has written"))
    current = await read_database(context.connection, context.target.name)

    async def check(connection: Connection, group: Collection[str]) -> None:
        await refuse_foreign(connection, run.id, current.tables, group)

    await empty_tables(context.session, context.target, {run.id: names}, current, check)
    return await _rebuild(context, context.session, [run.id], why)


async def restart(context: Context, session: RunSession, chosen: Collection[str]) -> None:
    """Undo each run, unfinished, given up or done, that has written to one of the tables ``chosen``.

    Raises StateConflictError, and has changed nothing, where a table holds other rows than such a run
    recorded, or where such a run wrote tables beyond ``chosen``, or rows elsewhere point at its own. Raises TargetError
    where the runs are undone, and something that they had dropped could not be restored.
    """
    target, observer = context.target, context.observer
    written = await _written(session, chosen)
    if not written:
        observer(Notice("there is nothing to undo: no run has written to these tables"))
        return
    await migrate(session)  # the runs may be of an older version
    observer(StageStarted("undo", f"emptying what run {', '.join(map(str, sorted(written)))} has written"))
    current = await read_database(session.connection, target.name)
    _refuse_beyond(written, {*chosen} | _gone(written, current, observer))
    names = {name for _, tables in written.values() for name in tables}

    async def check(connection: Connection, group: Collection[str]) -> None:
        await _refuse_pointing(connection, current, group, names)
        await _refuse_touched(connection, list(written), group)

    async def prepare(connection: Connection, group: Collection[str]) -> None:
        if context.without_triggers:  # one may refuse that its table is emptied
            await triggers.disable(connection, target, max(written), group)

    by_run = {number: tables for number, (_, tables) in written.items()}
    await empty_tables(session, target, by_run, current, check, prepare)
    if left := await _rebuild(context, session, list(written), EMPTIED):
        raise unrestored_error(f"run {', '.join(map(str, sorted(written)))} is undone", left)


async def refuse_foreign(connection: Connection, run: int, tables: Mapping[str, Table], names: Collection[str]) -> None:
    """Raise StateConflictError where others than ``run`` have written rows to one of ``names``, of these tables."""
    wrong = []
    for name in sorted(await rows.filled(connection, tables, names)):
        _, _, foreign = await count_touched(connection, [run], name)
        wrong += [f"{name}: {counted(foreign, 'row')} written by others"] if foreign else []
    if wrong:
        raise StateConflictError(
            f"others have written to {counted(len(wrong), 'table')} of run {run}, which would be emptied",
            details=tuple(wrong),
            hint="look at these rows, and remove yourself what you don't need; or give up the run with payrollx-db"
            " abandon, which leaves all rows as they are",
        )


async def restore_earlier(context: Context, session: RunSession, chosen: Collection[str]) -> bool:
    """Try once more to restore what undone or abandoned runs left out of the tables ``chosen``; tell what stays out.

    Returns whether anything came back. Raises TargetError where the connection is lost.
    """
    ended = [run.id for run in await runs(session.connection) if run.status in ("undone", "abandoned")]
    for number in ended:
        await enable_triggers(context.of_run(number, session))
    left_out = await unrestored(session.connection, ended)
    missing = [item for item in left_out if item.table in chosen or item.target in chosen]
    if not missing:
        return False
    await migrate(session)
    left: list[Unrestored] = []
    for number in dict.fromkeys(item.run for item in missing):
        left += await restore_dropped(context.of_run(number, session))
    for item in left:
        context.observer(Notice(f"run {item.run} has dropped this, and it can't be restored: {item}"))
    return len(left) < len(missing)


def unrestored_error(what: str, left: Sequence[Unrestored]) -> TargetError:
    """Return the error that names what could not be restored, each with its reason and its statement."""
    objects = "1 index or foreign key" if len(left) == 1 else f"{len(left)} indexes and foreign keys"
    return TargetError(
        f"{what}, but {objects} could not be restored",
        details=tuple(map(str, left)),
        hint="remove the cause, or run these statements yourself; the next copy tries them again, and goes on without",
    )


async def _written(session: RunSession, chosen: Collection[str]) -> dict[int, Written]:
    """Return the runs that have written to one of these tables, each with all tables that it has written to."""
    written: dict[int, Written] = {}
    for run in await runs(session.connection):
        names = [table.target for table in await accounts(session.connection, run.id) if table.kind == "copy"]
        if run.status != "undone" and not set(names).isdisjoint(chosen):
            written[run.id] = (run, names)
    return written


def _gone(written: Mapping[int, Written], current: Database, observer: Observer) -> set[str]:
    """Return, and tell, which tables somebody has dropped or renamed since they were written."""
    gone = {name for _, tables in written.values() for name in tables if name not in current.tables}
    for name in sorted(gone):
        observer(Notice(f"{name} isn't there any more: nothing of it is emptied or restored"))
    return gone


async def _rebuild(context: Context, session: RunSession, numbers: Sequence[int], why: str) -> tuple[Unrestored, ...]:
    """Restore what these runs have dropped, and record the end; return what could not be restored."""
    for number in numbers:
        await restore_dropped(context.of_run(number, session))
    left: list[Unrestored] = []
    for number in numbers:  # once more: keys of one run need indexes of another
        missing = await unrestored(session.connection, [number])
        remaining = await restore_dropped(context.of_run(number, session)) if missing and len(numbers) > 1 else missing
        left += remaining
        message = why + (f"; {len(remaining)} indexes or foreign keys could not be restored" if remaining else "")
        async with session.transaction() as connection:
            await reset_positions(connection, number)
            await finish_run(connection, number, "undone", message)
    for item in left:
        context.observer(Notice(f"can't be restored: {item}"))
    return tuple(left)


def _refuse_beyond(written: dict[int, Written], chosen: Collection[str]) -> None:
    for run, tables in written.values():
        if beyond := sorted(set(tables) - set(chosen)):
            more = counted(len(beyond), "table")
            raise StateConflictError(
                f"run {run.id} was of {', '.join(run.services)}, and wrote {more} beyond these",
                details=tuple(beyond),
                hint="restart it with the services that it was of",
            )


async def _refuse_pointing(
    connection: Connection, current: Database, group: Collection[str], names: Collection[str]
) -> None:
    """Refuse where rows that stay, of tables beyond ``names``, would point at rows of ``group``, which go."""
    others = {key.table for key in current.foreign_keys if key.target in group and key.table not in names}
    if full := sorted(await rows.filled(connection, current.tables, others)):
        raise StateConflictError(
            f"rows of {len(full)} other tables point at what would be emptied",
            details=tuple(full),
            hint="restart these tables' services as well, or empty them first",
        )


async def _refuse_touched(connection: Connection, numbers: list[int], names: Iterable[str]) -> None:
    """Refuse where a table holds other rows than the runs recorded: more, fewer, or written by somebody else."""
    wrong = []
    for name in names:
        recorded, present, foreign = await count_touched(connection, numbers, name)
        if present and (present, foreign) != (recorded, 0):  # somebody who has emptied it has left nothing to lose
            counts = f"{recorded:,} rows recorded, {present:,} there, {foreign:,} of them written by others"
            wrong.append(f"{name}: {counts}")
    if wrong:
        raise StateConflictError(
            f"{len(wrong)} tables don't hold what the run has written, so they are not emptied",
            details=tuple(wrong),
            hint="look at these rows, and empty yourself what you don't need; payrollx-db abandon gives up an"
            " unfinished run and leaves its rows as they are",
        )
