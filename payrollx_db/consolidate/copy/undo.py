"""Undoing: a run's tables empty again, every index and key in place, as if it had never been.

A run that meets data that doesn't fit undoes itself. `restart` undoes on demand, and only rows that are still
exactly those that a run has written: others' work isn't this tool's to throw away.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.copy import indexes as load
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.state import store
from payrollx_db.consolidate.state.store import Run
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Notice, Observer, StageStarted
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, ForeignKey, read_database
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session import run as execute

queries = query_files.beside(__name__)

Written = tuple[Run, Collection[str]]  # a run and the tables that it has written to
EMPTIED = "emptied by --restart"


async def undo(
    held: Connection, run: Run, names: Collection[str], index_builder: IndexBuilder, why: str, *, jobs: int
) -> None:
    """Empty the tables that ``run`` was writing, and leave the target as it was before. Raises TargetError."""
    index_builder.observer(StageStarted("undo", "emptying what the run has written"))
    await _empty(held, run, names, index_builder.target, await read_database(held, index_builder.target.name))
    await _rebuild(held, {run.id: (run, names)}, index_builder, why, jobs=jobs)


async def restart(
    held: Connection, target: Endpoint, wanted: Collection[str], observer: Observer, *, jobs: int
) -> None:
    """Undo each run, unfinished or done, that has written to one of the tables ``wanted``.

    Raises StateConflictError, and has changed nothing, where a table holds other rows than such a run
    recorded, or where such a run wrote tables beyond ``wanted``, or rows elsewhere point at its own.
    """
    written: dict[int, Written] = {}
    for run in await store.runs(held):
        names = [table.target for table in await store.tables(held, run.id) if table.kind == "copy"]
        if run.status != "undone" and not set(names).isdisjoint(wanted):
            written[run.id] = (run, names)
    if not written:
        observer(Notice("there is nothing to undo: no run has written to these tables"))
        return
    await store.ensure(held)  # the runs may be of an older version
    names = [name for _, tables in written.values() for name in tables]
    observer(StageStarted("undo", f"emptying what run {', '.join(map(str, sorted(written)))} has written"))
    _refuse_beyond(written, wanted)
    standing = await read_database(held, target.name)
    # What is looked at and what is emptied is the same: nobody comes in between.
    async with held.transaction():
        await _lock(held, target, names)
        await _refuse_pointing(held, standing, names)
        await _refuse_touched(held, list(written), names)
        for run, tables in written.values():
            standing = await _empty(held, run, tables, target, standing)
    index_builder = IndexBuilder(0, target, observer, held.info.backend_pid)
    await _rebuild(held, written, index_builder, EMPTIED, jobs=jobs)


async def _empty(held: Connection, run: Run, names: Collection[str], target: Endpoint, standing: Database) -> Database:
    """Empty the tables, and let the record say so: cut off after it, this is an unfinished run that wrote nothing.

    Returns what stands after it of what was ``standing``, as far as others' tables need it.
    """
    async with held.transaction():
        await load.drop_indexes(held, target, run.id, standing, set(names))
        await load.empty(held, target, run.id, names)
        await store.forget_accounts(held, run.id)
    keys = [key for key in standing.foreign_keys if key.table not in names and key.target not in names]
    return replace(standing, foreign_keys=tuple(keys))


async def _rebuild(
    held: Connection, written: Mapping[int, Written], index_builder: IndexBuilder, why: str, *, jobs: int
) -> None:
    """Put the indexes of all these runs back, then their keys, which need the indexes; and record the end."""
    standing = await read_database(held, index_builder.target.name)
    for number, (_, names) in written.items():
        taken = await store.taken(held, number)
        mine = replace(index_builder, run=number)
        for name in names:
            indexes = load.missing_indexes(standing.tables[name], taken)
            await limited([mine.build_index(name, index) for index in indexes], jobs)
            await mine.attach(name, load.missing_constraints(standing.tables[name], taken))
    for number in written:
        await _rebuild_keys(held, replace(index_builder, run=number))
        await store.finish_run(held, number, "undone", why)


async def _rebuild_keys(held: Connection, index_builder: IndexBuilder) -> None:
    standing = await read_database(held, index_builder.target.name)
    taken = await store.taken(held, index_builder.run)
    validated = {(i.table, i.name) for i in taken if isinstance(i.thing, ForeignKey) and i.thing.validated}
    for key in load.dropped_keys(standing, taken):
        await index_builder.add_foreign_key(key, validated=False)
        if (key.table, key.name) in validated:
            await index_builder.validate(key)


async def _lock(held: Connection, target: Endpoint, names: Iterable[str]) -> None:
    tables = sql.SQL(", ").join(map(load.qualified, names))
    with target.translating_errors("can't lock the tables"):
        await execute(held, sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables))


def _refuse_beyond(written: dict[int, Written], wanted: Collection[str]) -> None:
    for run, tables in written.values():
        if beyond := sorted(set(tables) - set(wanted)):
            raise StateConflictError(
                f"run {run.id} was of {', '.join(run.services)}, and wrote {len(beyond)} tables beyond these",
                details=tuple(beyond),
                hint="restart it with the services that it was of",
            )


async def _refuse_pointing(held: Connection, standing: Database, names: Collection[str]) -> None:
    """Refuse where rows that stay would point at rows that go."""
    around = {key.table for key in standing.foreign_keys if key.target in names and key.table not in names}
    if full := [table for table in sorted(around) if await load.has_rows(held, table)]:
        raise StateConflictError(
            f"rows of {len(full)} other tables point at what would be emptied",
            details=tuple(full),
            hint="restart these tables' services as well, or empty them first",
        )


async def _refuse_touched(held: Connection, runs: list[int], names: Iterable[str]) -> None:
    """Refuse where a table holds other rows than the runs recorded: more, fewer, or written by somebody else."""
    wrong = []
    for name in names:
        query = sql.SQL(queries.load("touched")).format(table=load.qualified(name))
        ((recorded, found, strange),) = await execute(held, query, {"runs": runs, "target": name})
        if (found, strange) != (recorded, 0):
            wrong.append(f"{name}: {recorded:,} rows recorded, {found:,} there, {strange:,} of them written by others")
    if wrong:
        raise StateConflictError(
            f"{len(wrong)} tables don't hold what the run has written, so they are not emptied",
            details=tuple(wrong),
            hint="look at these rows; what you don't need, empty yourself, or use another database",
        )
