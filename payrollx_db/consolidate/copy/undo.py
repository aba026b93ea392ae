"""Undoing: a run's tables empty again, every index and key in place, as if it had never been.

A run that meets data that doesn't fit undoes itself. `restart` undoes on demand, and only rows that are still
exactly those that a run has written: others' work isn't this tool's to throw away.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.copy import indexes as load
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.state import store
from payrollx_db.consolidate.state.store import Run
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, ForeignKey, read_database
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session import run as execute

queries = query_files.beside(__name__)

Written = tuple[Run, Collection[str]]  # a run and the tables that it has written to
EMPTIED = "emptied by --restart"


async def undo(context: RunContext, run: Run, names: Collection[str], why: str) -> None:
    """Empty the tables that ``run`` was writing, and leave the target as it was before. Raises TargetError."""
    context.observer(StageStarted("undo", "emptying what the run has written"))
    await _empty(
        context.connection, run, names, context.target, await read_database(context.connection, context.target.name)
    )
    await _rebuild(context, context.connection, {run.id: (run, names)}, why)


async def restart(context: Context, connection: Connection, wanted: Collection[str]) -> None:
    """Undo each run, unfinished or done, that has written to one of the tables ``wanted``.

    Raises StateConflictError, and has changed nothing, where a table holds other rows than such a run
    recorded, or where such a run wrote tables beyond ``wanted``, or rows elsewhere point at its own.
    """
    target, observer = context.target, context.observer
    written: dict[int, Written] = {}
    for run in await store.runs(connection):
        names = [table.target for table in await store.tables(connection, run.id) if table.kind == "copy"]
        if run.status != "undone" and not set(names).isdisjoint(wanted):
            written[run.id] = (run, names)
    if not written:
        observer(Notice("there is nothing to undo: no run has written to these tables"))
        return
    await store.ensure(connection)  # the runs may be of an older version
    names = [name for _, tables in written.values() for name in tables]
    observer(StageStarted("undo", f"emptying what run {', '.join(map(str, sorted(written)))} has written"))
    _refuse_beyond(written, wanted)
    standing = await read_database(connection, target.name)
    # What is looked at and what is emptied is the same: nobody comes in between.
    async with connection.transaction():
        await _lock(connection, target, names)
        await _refuse_pointing(connection, standing, names)
        await _refuse_touched(connection, list(written), names)
        for run, tables in written.values():
            standing = await _empty(connection, run, tables, target, standing)
    await _rebuild(context, connection, written, EMPTIED)


async def _empty(
    connection: Connection, run: Run, names: Collection[str], target: Endpoint, standing: Database
) -> Database:
    """Empty the tables, and let the record say so: cut off after it, this is an unfinished run that wrote nothing.

    Returns what stands after it of what was ``standing``, as far as others' tables need it.
    """
    async with connection.transaction():
        await load.drop_indexes(connection, target, run.id, standing, set(names))
        await load.empty(connection, target, run.id, names)
        await store.forget_accounts(connection, run.id)
    keys = [key for key in standing.foreign_keys if key.table not in names and key.target not in names]
    return replace(standing, foreign_keys=tuple(keys))


async def _rebuild(context: Context, connection: Connection, written: Mapping[int, Written], why: str) -> None:
    """Put the indexes of all these runs back, then their keys, which need the indexes; and record the end."""
    standing = await read_database(connection, context.target.name)
    for number, (_, names) in written.items():
        taken = await store.taken(connection, number)
        index_builder = IndexBuilder(context.of_run(number, connection))
        for name in names:
            indexes = load.missing_indexes(standing.tables[name], taken)
            await limited([index_builder.build_index(name, index) for index in indexes], context.jobs)
            await index_builder.attach(name, load.missing_constraints(standing.tables[name], taken))
    for number in written:
        await _rebuild_keys(context.of_run(number, connection))
        await store.finish_run(connection, number, "undone", why)


async def _rebuild_keys(context: RunContext) -> None:
    index_builder = IndexBuilder(context)
    standing = await read_database(context.connection, context.target.name)
    taken = await store.taken(context.connection, context.run)
    validated = {(i.table, i.name) for i in taken if isinstance(i.thing, ForeignKey) and i.thing.validated}
    for key in load.dropped_keys(standing, taken):
        await index_builder.add_foreign_key(key, validated=False)
        if (key.table, key.name) in validated:
            await index_builder.validate(key)


async def _lock(connection: Connection, target: Endpoint, names: Iterable[str]) -> None:
    tables = sql.SQL(", ").join(map(load.qualified, names))
    with target.translating_errors("can't lock the tables"):
        await execute(connection, sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables))


def _refuse_beyond(written: dict[int, Written], wanted: Collection[str]) -> None:
    for run, tables in written.values():
        if beyond := sorted(set(tables) - set(wanted)):
            raise StateConflictError(
                f"run {run.id} was of {', '.join(run.services)}, and wrote {len(beyond)} tables beyond these",
                details=tuple(beyond),
                hint="restart it with the services that it was of",
            )


async def _refuse_pointing(connection: Connection, standing: Database, names: Collection[str]) -> None:
    """Refuse where rows that stay would point at rows that go."""
    around = {key.table for key in standing.foreign_keys if key.target in names and key.table not in names}
    if full := [table for table in sorted(around) if await load.has_rows(connection, table)]:
        raise StateConflictError(
            f"rows of {len(full)} other tables point at what would be emptied",
            details=tuple(full),
            hint="restart these tables' services as well, or empty them first",
        )


async def _refuse_touched(connection: Connection, runs: list[int], names: Iterable[str]) -> None:
    """Refuse where a table holds other rows than the runs recorded: more, fewer, or written by somebody else."""
    wrong = []
    for name in names:
        query = sql.SQL(queries.load("touched")).format(table=load.qualified(name))
        ((recorded, found, strange),) = await execute(connection, query, {"runs": runs, "target": name})
        if (found, strange) != (recorded, 0):
            wrong.append(f"{name}: {recorded:,} rows recorded, {found:,} there, {strange:,} of them written by others")
    if wrong:
        raise StateConflictError(
            f"{len(wrong)} tables don't hold what the run has written, so they are not emptied",
            details=tuple(wrong),
            hint="look at these rows; what you don't need, empty yourself, or use another database",
        )
