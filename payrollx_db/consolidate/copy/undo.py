"""Undoing: a run's tables empty again, every index and key in place, as if it had never been.

A run that meets data that doesn't fit undoes itself. `restart` undoes on demand, and only rows that are still
exactly those that a run has written: others' work isn't this tool's to throw away.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.copy import indexes
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.accounts import accounts, count_touched
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.objects import dropped_objects
from payrollx_db.consolidate.state.runs import Run, finish_run, reset_run, runs
from payrollx_db.consolidate.state.sequences import reset_positions
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, ForeignKey, read_database
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session import run as execute

Written = tuple[Run, Collection[str]]  # a run and the tables that it has written to
EMPTIED = "emptied by --restart"


async def undo(context: RunContext, run: Run, names: Collection[str], why: str) -> None:
    """Empty the tables that ``run`` was writing, and leave the target as it was before. Raises TargetError."""
    context.observer(StageStarted("undo", "emptying what the run has written"))
    current = await read_database(context.connection, context.target.name)
    async with context.transaction() as connection:
        await _empty(connection, run, names, context.target, current)
    await _rebuild(context, context.session, {run.id: (run, names)}, why)


async def restart(context: Context, session: RunSession, chosen: Collection[str]) -> None:
    """Undo each run, unfinished or done, that has written to one of the tables ``chosen``.

    Raises StateConflictError, and has changed nothing, where a table holds other rows than such a run
    recorded, or where such a run wrote tables beyond ``chosen``, or rows elsewhere point at its own.
    """
    target, observer = context.target, context.observer
    written: dict[int, Written] = {}
    for run in await runs(session.connection):
        names = [table.target for table in await accounts(session.connection, run.id) if table.kind == "copy"]
        if run.status != "undone" and not set(names).isdisjoint(chosen):
            written[run.id] = (run, names)
    if not written:
        observer(Notice("there is nothing to undo: no run has written to these tables"))
        return
    await migrate(session)  # the runs may be of an older version
    names = [name for _, tables in written.values() for name in tables]
    observer(StageStarted("undo", f"emptying what run {', '.join(map(str, sorted(written)))} has written"))
    _refuse_beyond(written, chosen)
    current = await read_database(session.connection, target.name)
    # What is looked at and what is emptied is the same: nobody comes in between.
    async with session.transaction() as connection:
        await _lock(connection, target, names)
        await _refuse_pointing(connection, current, names)
        await _refuse_touched(connection, list(written), names)
        for run, tables in written.values():
            current = await _empty(connection, run, tables, target, current)
    await _rebuild(context, session, written, EMPTIED)


async def _empty(
    connection: Connection, run: Run, names: Collection[str], target: Endpoint, current: Database
) -> Database:
    """Empty the tables, and let the record say so: cut off after it, this is an unfinished run that wrote nothing.

    In the current transaction. Returns what is left of ``current``, as far as others' tables need it.
    """
    await indexes.drop_indexes(connection, target, run.id, current, set(names))
    await indexes.empty(connection, target, run.id, names)
    await reset_positions(connection, run.id)
    await reset_run(connection, run.id)
    keys = [key for key in current.foreign_keys if key.table not in names and key.target not in names]
    return replace(current, foreign_keys=tuple(keys))


async def _rebuild(context: Context, session: RunSession, written: Mapping[int, Written], why: str) -> None:
    """Restore the indexes of all these runs, then their keys, which need the indexes; and record the end."""
    current = await read_database(session.connection, context.target.name)
    for number, (_, names) in written.items():
        dropped = await dropped_objects(session.connection, number)
        index_builder = IndexBuilder(context.of_run(number, session))
        for name in names:
            missing = indexes.missing_indexes(current.tables[name], dropped)
            await limited([index_builder.build_index(name, index) for index in missing], context.jobs)
            await index_builder.attach(name, indexes.missing_constraints(current.tables[name], dropped))
    for number in written:
        await _rebuild_keys(context.of_run(number, session))
        async with session.transaction() as connection:
            await finish_run(connection, number, "undone", why)


async def _rebuild_keys(context: RunContext) -> None:
    index_builder = IndexBuilder(context)
    current = await read_database(context.connection, context.target.name)
    dropped = await dropped_objects(context.connection, context.run)
    validated = {(i.table, i.name) for i in dropped if isinstance(i.thing, ForeignKey) and i.thing.validated}
    for key in indexes.dropped_keys(current, dropped):
        await index_builder.add_foreign_key(key, validated=False)
        if (key.table, key.name) in validated:
            await index_builder.validate(key)


async def _lock(connection: Connection, target: Endpoint, names: Iterable[str]) -> None:
    tables = sql.SQL(", ").join(map(indexes.qualified, names))
    with target.translating_errors("can't lock the tables"):
        await execute(connection, sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables))


def _refuse_beyond(written: dict[int, Written], chosen: Collection[str]) -> None:
    for run, tables in written.values():
        if beyond := sorted(set(tables) - set(chosen)):
            raise StateConflictError(
                f"run {run.id} was of {', '.join(run.services)}, and wrote {len(beyond)} tables beyond these",
                details=tuple(beyond),
                hint="restart it with the services that it was of",
            )


async def _refuse_pointing(connection: Connection, current: Database, names: Collection[str]) -> None:
    """Refuse where rows that stay would point at rows that go."""
    others = {key.table for key in current.foreign_keys if key.target in names and key.table not in names}
    if full := [table for table in sorted(others) if await indexes.has_rows(connection, table)]:
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
        if (present, foreign) != (recorded, 0):
            counts = f"{recorded:,} rows recorded, {present:,} there, {foreign:,} of them written by others"
            wrong.append(f"{name}: {counts}")
    if wrong:
        raise StateConflictError(
            f"{len(wrong)} tables don't hold what the run has written, so they are not emptied",
            details=tuple(wrong),
            hint="look at these rows; what you don't need, empty yourself, or use another database",
        )
