"""Restoring what a run has dropped, past whatever can't be restored: that is recorded, with why.

Somebody may have dropped a table, renamed a function that an index calls, or hold a lock: no single object keeps the
others from coming back, and none keeps a person from leaving the run.
"""

from collections.abc import Awaitable, Callable, Iterable
from collections.abc import Set as AbstractSet

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy import triggers
from payrollx_db.consolidate.copy.foreign_keys import KeyBuilder
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.state.objects import DroppedObject, dropped_objects
from payrollx_db.consolidate.state.unrestored import Unrestored, record_problems, unrestored
from payrollx_db.errors import FindingsError, LockLostError, TargetError
from payrollx_db.model.events import Notice
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, ForeignKey, Index, read_database

queries = query_files.beside(__name__)

PASSES = 2  # one object may need another that comes back later; and a lock may be free by then

Problems = dict[tuple[str, str], tuple[DroppedObject, str]]


async def restore_dropped(
    context: RunContext, waiting: AbstractSet[str] = frozenset(), *, keys: bool = True
) -> tuple[Unrestored, ...]:
    """Restore the indexes and foreign keys that the run has dropped; return what isn't back, and record why.

    Not those of the tables ``waiting``, whose rows aren't in yet; and without ``keys``, no foreign key. Raises
    TargetError where the connection is lost for good.
    """
    await enable_triggers(context)
    problems: Problems = {}
    for _ in range(PASSES):
        problems = await _restore_once(context, waiting, keys=keys)
        if not problems:
            break
    async with context.transaction() as connection:
        await record_problems(connection, context.run, problems.values())
    return await unrestored(context.connection, [context.run])


async def enable_triggers(context: RunContext) -> None:
    """Enable the triggers that the run has disabled; where that can't be done, tell why: they are still recorded."""
    try:
        await triggers.bring_back(context)
    except LockLostError:
        raise
    except TargetError as error:
        if error.transient:
            raise
        context.observer(Notice(f"triggers are still disabled: {error.message}"))


async def _restore_once(context: RunContext, waiting: AbstractSet[str], *, keys: bool) -> Problems:
    """Try each object that isn't back: first all indexes, then the keys, which need them."""
    dropped = await dropped_objects(context.connection, context.run)
    missing = [item for item in dropped if not item.restored and waiting.isdisjoint(_tables(item))]
    missing = [item for item in missing if keys or isinstance(item.thing, Index)]
    current = await read_database(context.connection, context.target.name, context.target.schemas)
    cursor = await context.connection.execute(queries.load("standing"), ([item.table for item in missing],))
    standing = {name for (name,) in await cursor.fetchall()}  # partitions, too, which may have keys of their own
    problems: Problems = {}
    by_table: dict[str, list[DroppedObject]] = {}
    for item in missing:
        if item.table not in standing:
            problems[(item.table, item.name)] = (item, "its table isn't there any more")
        elif isinstance(item.thing, Index) and item.table in current.tables:
            by_table.setdefault(item.table, []).append(item)
    await limited([_restore_indexes(context, current, items, problems) for items in by_table.values()], context.jobs)
    foreign_keys = [item for item in missing if isinstance(item.thing, ForeignKey) and item.table in standing]
    builder = KeyBuilder(context, {name for name, table in current.tables.items() if table.kind == "p"})
    for item in foreign_keys:
        await _trying(item, problems, _key_restorer(builder, item))
    return problems


async def _restore_indexes(
    context: RunContext, current: Database, items: Iterable[DroppedObject], problems: Problems
) -> None:
    builder = IndexBuilder(context)
    for item in items:
        await _trying(item, problems, _index_restorer(builder, current, item))


def _index_restorer(builder: IndexBuilder, current: Database, item: DroppedObject) -> Callable[[], Awaitable[None]]:
    async def restore() -> None:
        if not isinstance(item.thing, Index):
            return
        # What is there already, because a person has made it, is only recorded.
        there = {index.constraint for index in current.tables[item.table].indexes if index.constraint}
        if item.thing.constraint not in there:
            await builder.build_index(item.table, item.thing)
        await builder.attach(item.table, [item.thing])

    return restore


def _key_restorer(builder: KeyBuilder, item: DroppedObject) -> Callable[[], Awaitable[None]]:
    async def restore() -> None:
        if isinstance(item.thing, ForeignKey):
            await builder.add([item.thing], [] if item.thing.validated else [item.thing])
            if item.thing.validated:
                await builder.validate([item.thing], [item.table])

    return restore


def _tables(item: DroppedObject) -> tuple[str, ...]:
    return (item.table, item.thing.target) if isinstance(item.thing, ForeignKey) else (item.table,)


async def _trying(item: DroppedObject, problems: Problems, restore: Callable[[], Awaitable[None]]) -> None:
    """Restore one object, or note why that can't be done."""
    try:
        await restore()
    except LockLostError:
        raise
    except (TargetError, FindingsError) as error:
        if error.transient:
            raise
        problems[(item.table, item.name)] = (item, error.message)
