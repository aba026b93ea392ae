"""Undoing: a run's tables empty again, every index and key in place, as if it had never been.

A run that meets data that doesn't fit undoes itself. `restart` undoes on demand, and only rows that are still
exactly those that a run has written: others' work isn't this tool's to throw away. What can't be restored keeps nothing
else from being restored, and is named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.copy import rows, triggers
from payrollx_db.consolidate.copy.emptying import empty_tables
from payrollx_db.consolidate.copy.emptying_scopes import pointing_tables
from payrollx_db.consolidate.copy.restoring import enable_triggers, restore_dropped
from payrollx_db.consolidate.copy.selection import partition_roots
from payrollx_db.consolidate.plan.destination import Destination, overlapping, tables_of
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.accounts import TableState, accounts, count_touched
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.runs import Run, finish_run, runs
from payrollx_db.consolidate.state.sequences import reset_positions
from payrollx_db.consolidate.state.unrestored import Unrestored, unrestored
from payrollx_db.errors import StateConflictError, TargetError
from payrollx_db.model.events import Notice, Observer, StageStarted
from payrollx_db.model.wording import counted
from payrollx_db.postgres.introspect import Database, Table, read_database
from payrollx_db.postgres.session import Connection

Written = tuple[Run, Collection[Destination]]  # a run and what it has written to
EMPTIED = "emptied by --restart"
ENDED = ("done", "abandoned")  # runs that nothing goes on with, so that they may lose some of their scopes


async def undo(
    context: RunContext, run: Run, destinations: Collection[Destination], why: str
) -> tuple[Unrestored, ...]:
    """Empty what ``run`` was writing to, and leave the target as it was before.

    Returns what could not be restored. Raises TargetError, and StateConflictError where others have written to them.
    """
    context.observer(StageStarted("undo", "emptying what the run has written"))
    current = await read_database(context.connection, context.target.name, context.target.schemas)

    async def check(connection: Connection, group: Collection[Destination]) -> None:
        scoped = [destination for destination in group if destination.scope]
        if scoped:  # by ON DELETE CASCADE, rows that stay would go with them
            await _refuse_pointing(connection, current, scoped, destinations)
        await refuse_foreign(connection, run.id, current.tables, group)

    await empty_tables(context.session, context.target, {run.id: destinations}, current, check)
    return await _rebuild(context, context.session, [run.id], why)


async def restart(context: Context, session: RunSession, chosen: Collection[Destination]) -> None:
    """Undo each run, unfinished, given up or done, that has written to one of ``chosen``.

    Of a run that has ended with other scopes too, only the chosen ones are emptied, and it stays so with the others.

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
    current = await read_database(session.connection, target.name, target.schemas)
    _refuse_beyond(written, {*chosen} | _gone(written, current, observer))
    everything = {destination for _, own in written.values() for destination in own}
    staying = await _staying_done(session.connection, written)

    async def check(connection: Connection, group: Collection[Destination]) -> None:
        await _refuse_pointing(connection, current, group, everything)
        await _refuse_touched(connection, list(written), group)

    async def prepare(connection: Connection, group: Collection[Destination]) -> None:
        if context.without_triggers:  # one may refuse that its table is emptied
            await triggers.disable(connection, target, max(written), tables_of(group))

    by_run = {number: own for number, (_, own) in written.items()}
    await empty_tables(session, target, by_run, current, check, prepare, staying)
    if left := await _rebuild(context, session, [number for number in written if number not in staying], EMPTIED):
        raise unrestored_error(f"run {', '.join(map(str, sorted(written)))} is undone", left)


async def refuse_foreign(
    connection: Connection, run: int, tables: Mapping[str, Table], destinations: Collection[Destination]
) -> None:
    """Raise StateConflictError where others than ``run`` have written rows to one of ``destinations``."""
    wrong = []
    for destination in sorted(await rows.filled(connection, tables, destinations)):
        _, _, foreign = await count_touched(connection, [run], destination)
        wrong += [f"{destination}: {counted(foreign, 'row')} written by others"] if foreign else []
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


async def _written(session: RunSession, chosen: Collection[Destination]) -> dict[int, Written]:
    """Return the runs that have written to one of ``chosen``, each with what is to be emptied of it.

    That is all that it has written to, but for other scopes of a run that has ended.
    """
    written: dict[int, Written] = {}
    for run in await runs(session.connection):
        if run.status == "undone":
            continue
        own = _copied(run, await accounts(session.connection, run.id))
        met = overlapping(own, chosen)
        if met and run.status in ENDED and all(destination.scope for destination in own):
            own = [destination for destination in own if destination in chosen]
        if met:
            written[run.id] = (run, own)
    return written


async def _staying_done(connection: Connection, written: Mapping[int, Written]) -> set[int]:
    """Return those runs of which not everything is emptied."""
    staying = set()
    for number, (run, own) in written.items():
        if set(_copied(run, await accounts(connection, number))) - set(own):
            staying.add(number)
    return staying


def _copied(run: Run, recorded: Iterable[TableState]) -> list[Destination]:
    """Return where a run has copied to. Of one that has ended, a scope that was emptied since is pending."""
    return [
        account.destination
        for account in recorded
        if account.kind == "copy" and not (run.status in ENDED and account.status == "pending")
    ]


def _gone(written: Mapping[int, Written], current: Database, observer: Observer) -> set[Destination]:
    """Return, and tell, which tables somebody has dropped or renamed since they were written."""
    gone = {
        destination for _, own in written.values() for destination in own if destination.table not in current.tables
    }
    for name in sorted(tables_of(gone)):
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
            scoped = any(account.constants for account in await accounts(connection, number))
            await reset_positions(connection, number, kept=scoped)
            await finish_run(connection, number, "undone", message)
    for item in left:
        context.observer(Notice(f"can't be restored: {item}"))
    return tuple(left)


def _refuse_beyond(written: dict[int, Written], chosen: Collection[Destination]) -> None:
    for run, own in written.values():
        if beyond := sorted(set(own) - set(chosen)):
            more = counted(len(beyond), "table")
            raise StateConflictError(
                f"run {run.id} was of {', '.join(run.services)}, and wrote {more} beyond these",
                details=tuple(map(str, beyond)),
                hint="restart it with the services that it was of",
            )


async def _refuse_pointing(
    connection: Connection, current: Database, group: Collection[Destination], going: Collection[Destination]
) -> None:
    """Refuse where rows that stay, beyond those of ``going``, would point at rows of ``group``, which go."""
    whole = {destination.table for destination in group if not destination.scope}
    emptied = tables_of(going)
    roots = await partition_roots(connection, current)
    children = {roots.get(key.table, key.table) for key in current.foreign_keys if key.target in whole}
    others = children - emptied
    full = await rows.filled_tables(connection, current.tables, others)
    full |= await pointing_tables(connection, current, [d for d in group if d.scope], going)
    if full:
        raise StateConflictError(
            f"rows of {len(full)} other tables point at what would be emptied",
            details=tuple(sorted(full)),
            hint="restart these tables' services as well, or empty them first",
        )


async def _refuse_touched(connection: Connection, numbers: list[int], destinations: Iterable[Destination]) -> None:
    """Refuse where there are other rows than the runs recorded: more, fewer, or written by somebody else."""
    wrong = []
    for destination in destinations:
        recorded, present, foreign = await count_touched(connection, numbers, destination)
        if present and (present, foreign) != (recorded, 0):  # somebody who has emptied it has left nothing to lose
            counts = f"{recorded:,} rows recorded, {present:,} there, {foreign:,} of them written by others"
            wrong.append(f"{destination}: {counts}")
    if wrong:
        raise StateConflictError(
            f"{len(wrong)} tables don't hold what the run has written, so they are not emptied",
            details=tuple(wrong),
            hint="look at these rows, and empty yourself what you don't need; payrollx-db abandon gives up an"
            " unfinished run and leaves its rows as they are",
        )
