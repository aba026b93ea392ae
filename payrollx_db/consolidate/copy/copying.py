"""Copying the tables of a run and indexing them: which goes when, and so many at once as the run has jobs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy import indexes, schedule
from payrollx_db.consolidate.copy.analyzing import analyze_grown
from payrollx_db.consolidate.copy.batches import BatchCopier
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.copy.tables import TableCopier
from payrollx_db.consolidate.copy.work import Work
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.state import accounts
from payrollx_db.consolidate.state.objects import DroppedObject
from payrollx_db.errors import FindingsError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.introspect import Database, Index

# Checks the rows of these tables again, and returns them with what is decided about their rows.
DecideAnew = Callable[[Sequence[TablePlan]], Awaitable[list[TablePlan]]]
FEW_BYTES = 32 * 1024 * 1024  # of a table whose indexes are all built in one transaction, one after the other
DECISIONS = 10  # times that a part is decided about anew, at most: each time services may have written since


class Indexing:
    """Builds the indexes of tables as these are filled, so many at once as the run has jobs."""

    def __init__(self, context: RunContext, database: Database, dropped: Sequence[DroppedObject]) -> None:
        self._context = context
        self._builder = IndexBuilder(context)
        self._slots = asyncio.Semaphore(context.jobs)
        by_table: dict[str, list[DroppedObject]] = {}
        for item in dropped:
            by_table.setdefault(item.table, []).append(item)
        tables = [(database.tables[name], items) for name, items in by_table.items() if name in database.tables]
        self._missing = {t.full_name: indexes.missing_indexes(t, items) for t, items in tables}
        self._constraints = {t.full_name: indexes.missing_constraints(t, items) for t, items in tables}
        self._waiting = sum(map(len, self._missing.values()))

    async def index(self, table: TablePlan, *, analyzed: bool = False) -> None:
        """Build the missing indexes of a table's target, make constraints of those that carry one, and analyze it.

        One of which a scope is filled has kept them all, and is analyzed when all of its scopes are (`analyze_grown`).
        """
        if table.scope:
            return
        name = table.target_name
        missing, constraints = self._missing.get(name, []), self._constraints.get(name, [])
        if table.source.size <= FEW_BYTES and len(missing) + len(constraints) > 1:
            await self._build_all(name, missing, constraints)
        else:
            await together([self._build(name, index) for index in missing])
            await self._builder.attach(name, constraints)
        if missing or constraints or not analyzed:
            await self._builder.analyze(name)

    async def _build_all(self, table: str, missing: Sequence[Index], constraints: Sequence[Index]) -> None:
        async with self._slots:
            await self._builder.build_all(table, missing, constraints)
        self._waiting -= len(missing)

    async def _build(self, table: str, index: Index) -> None:
        async with self._slots:
            # Two builds with a processor each are done sooner than two that share both with helpers;
            # only the last ones, which leave some of the jobs idle, are given help.
            idle = max(0, self._context.jobs - self._waiting)
            await self._builder.build_index(table, index, helpers=idle)
        self._waiting -= 1


class Copying:
    """Copies the units of a run, so many at once as it has jobs, each when those are done that it waits for."""

    def __init__(
        self, work: Work, copier: TableCopier, indexing: Indexing, decide_anew: DecideAnew | None = None
    ) -> None:
        """``decide_anew`` is asked about the tables of a part that was refused, where services go on writing."""
        self._work = work
        self._decide_anew = decide_anew
        self._copier = copier
        self._batches = BatchCopier(copier)
        self._indexing = indexing

    async def all(self) -> None:
        """Copy what isn't copied, and index all that isn't indexed."""
        work = self._work
        done = [table for table in work.plan.copies if table.place in work.finished]
        units = schedule.units(work.unfinished, work.selection, work.alone)
        finished = {unit.number: asyncio.Event() for unit in units}

        async def one(unit: schedule.Unit) -> None:
            for number in unit.after:
                await finished[number].wait()
            await (self._batch(unit.tables) if unit.batch else self._single(unit.tables[0]))
            finished[unit.number].set()
            # Others that wait for the rows need not wait for the indexes.
            await together([self._indexing.index(t, analyzed=unit.batch) for t in unit.tables])

        # Rows of duplicates that go into a table whose own rows are in come first: others may point at them.
        await together(map(self._import_left, done))
        await together([*map(one, units), *map(self._index_left, done)])
        await analyze_grown(work.context, work.plan)

    async def _batch(self, tables: Sequence[TablePlan]) -> None:
        context = self._work.context
        what = tables[0].target_name if len(tables) == 1 else f"the copy of {len(tables)} small tables"
        try:
            await retry_transient(partial(self._batches.move, tables), what, context.observer)
        except FindingsError as error:
            for table in await self._decided(tables, error):  # rows of these may stay out now, so each goes alone
                await self._single(table)

    async def _single(self, table: TablePlan) -> None:
        for _ in range(DECISIONS):
            try:
                await self._move(table)
            except FindingsError as error:
                (table,) = await self._decided([table], error)
            else:
                break
        else:
            await self._move(table)
        await self._import(self._work.imports(table))

    async def _move(self, table: TablePlan) -> None:
        context = self._work.context
        begin = partial(_start_account, context, table)
        await retry_transient(lambda: self._copier.move(table, begin), table.target_name, context.observer)

    async def _decided(self, tables: Sequence[TablePlan], error: FindingsError) -> list[TablePlan]:
        """Return the tables of a part that was refused with what is decided by now. Raises ``error`` at rest."""
        if self._decide_anew is None:
            raise error
        names = ", ".join(table.source_name for table in tables)
        self._work.context.observer(Notice(f"{names}: rows have changed since they were checked; decided anew"))
        return await self._decide_anew(tables)

    async def _import_left(self, table: TablePlan) -> None:
        """Import what is not yet in of the duplicates of a table whose own rows are in."""
        finished = self._work.finished
        await self._import([other for other in self._work.imports(table) if other.place not in finished])

    async def _index_left(self, table: TablePlan) -> None:
        """Build the indexes that are still missing of a table whose rows are in."""
        await self._indexing.index(table, analyzed=schedule.goes_in_batch(table, self._work.alone))

    async def _import(self, duplicates: Iterable[TablePlan]) -> None:
        for duplicate in duplicates:
            work = partial(self._copier.import_unowned, duplicate)
            await retry_transient(work, duplicate.source_name, self._work.context.observer)


async def _start_account(context: RunContext, table: TablePlan) -> None:
    async with context.transaction() as connection:
        await accounts.start_account(connection, context.run, table)
