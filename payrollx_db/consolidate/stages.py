"""The stages of a copy, one after the other: drop the indexes, copy and index, keys, merge, account."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy import indexes, sequences
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.copy.progress import watching
from payrollx_db.consolidate.copy.tables import TableCopier
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.state import accounts, history
from payrollx_db.consolidate.state.objects import DroppedObject, dropped_objects
from payrollx_db.consolidate.state.parts import finished_parts
from payrollx_db.consolidate.state.runs import set_stage
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verifier
from payrollx_db.errors import FindingsError
from payrollx_db.model.events import StageStarted
from payrollx_db.postgres.concurrency import limited, together
from payrollx_db.postgres.introspect import Database, ForeignKey, Index, Table, read_database


async def run_stages(context: RunContext, plan: Plan) -> None:
    """Do what is left to do of the run. Raises FindingsError where the data doesn't fit, SourceError or TargetError."""
    await _begin_stage(context, "copy")
    await _drop_indexes(context, plan)
    await _copy_and_index(context, plan)
    await _begin_stage(context, "load")
    await _restore_keys(context, plan)
    set_sequences = partial(sequences.set_sequences, context, context.session, plan, context.run)
    await retry_transient(set_sequences, "setting the sequences", context.observer)
    await _begin_stage(context, "merge")
    await _merge(context, plan)
    await _account(context, plan)


async def _begin_stage(context: RunContext, stage: str) -> None:
    async with context.transaction() as connection:
        await set_stage(connection, context.run, stage)


async def _drop_indexes(context: RunContext, plan: Plan) -> None:
    finished = await finished_parts(context.connection, context.run)
    names = {table.target_name for table in plan.copies if table.place not in finished}
    current = await _current_target(context, plan)
    async with context.transaction() as connection:
        await indexes.drop_indexes(connection, context.target, context.run, current, names)


async def _copy_and_index(context: RunContext, plan: Plan) -> None:
    """Copy tables, several at once, and index each as soon as its rows are in."""
    context.observer(StageStarted("copy", f"{len(plan.copies)} tables, {context.jobs} at once"))
    finished = await finished_parts(context.connection, context.run)
    copier = _copier(context)
    indexing = await _Indexing.of(context, plan)

    async def copy_table(table: TablePlan) -> None:
        if table.place not in finished:
            begin = partial(_start_account, context, table)
            await retry_transient(lambda: copier.move(table, begin), table.target_name, context.observer)
        for duplicate in (t for t in plan.merges if t.target_name == table.target_name and t.imported):
            if table.place not in finished or duplicate.place not in finished:
                await retry_transient(
                    partial(copier.import_unowned, duplicate), duplicate.source_name, context.observer
                )
        await indexing.index(table.target_name)

    async with watching(context, plan):
        await together([copy_table(table) for table in plan.copies])


async def _start_account(context: RunContext, table: TablePlan) -> None:
    async with context.transaction() as connection:
        await accounts.start_account(connection, context.run, table)


class _Indexing:
    """Builds the indexes of tables as these are filled, so many at once as the run has jobs."""

    def __init__(self, context: RunContext, tables: Mapping[str, Table], dropped: Sequence[DroppedObject]) -> None:
        self._context = context
        self._builder = IndexBuilder(context)
        self._slots = asyncio.Semaphore(context.jobs)
        self._missing = {name: indexes.missing_indexes(table, dropped) for name, table in tables.items()}
        self._constraints = {name: indexes.missing_constraints(table, dropped) for name, table in tables.items()}
        self._waiting = sum(map(len, self._missing.values()))

    @classmethod
    async def of(cls, context: RunContext, plan: Plan) -> "_Indexing":
        """Return what builds the indexes that are missing in the tables of ``plan``."""
        current = await _current_target(context, plan)
        tables = {table.target_name: current.tables[table.target_name] for table in plan.copies}
        return cls(context, tables, await dropped_objects(context.connection, context.run))

    async def index(self, table: str) -> None:
        """Build the missing indexes of ``table``, make constraints of those that carry one, and analyze it."""
        await together([self._build(table, index) for index in self._missing[table]])
        await self._builder.attach(table, self._constraints[table])
        await self._builder.analyze(table)

    async def _build(self, table: str, index: Index) -> None:
        async with self._slots:
            # Two builds with a processor each are done sooner than two that share both with helpers;
            # only the last ones, which leave some of the jobs idle, are given help.
            idle = max(0, self._context.jobs - self._waiting)
            await self._builder.build_index(table, index, helpers=idle)
        self._waiting -= 1


async def _restore_keys(context: RunContext, plan: Plan) -> None:
    """Put the foreign keys back: first all of them, looking at no row, then each is validated."""
    current = await _current_target(context, plan)
    dropped = await dropped_objects(context.connection, context.run)
    ready = {table.target_name for table in plan.copies} | set(await accounts.done_tables(context.connection))
    context.observer(StageStarted("load", "foreign keys"))
    builder = IndexBuilder(context)
    missing = indexes.dropped_keys(current, dropped)
    for key in missing:
        await builder.add_foreign_key(key, validated=key.target not in ready)
    open_keys = {(key.table, key.name) for key in (*missing, *_unvalidated(current))}
    originals = [item.thing for item in dropped if isinstance(item.thing, ForeignKey)]
    due = [key for key in originals if (key.table, key.name) in open_keys and key.target in ready]

    async def validate(table: str) -> None:
        for key in due:  # one at a time: they would wait for each other's lock on the table
            if key.table == table:
                await builder.validate(key)

    await limited([validate(table) for table in dict.fromkeys(key.table for key in due)], context.jobs)


def _unvalidated(database: Database) -> list[ForeignKey]:
    return [key for key in database.foreign_keys if not key.validated]


async def _merge(context: RunContext, plan: Plan) -> None:
    """Merge the duplicate tables: every row of theirs must be in the target already, and equal."""
    if not plan.merges:
        return
    context.observer(StageStarted("merge", f"{len(plan.merges)} duplicate tables"))
    compare = partial(Verifier(context).all, replace(plan, tables=plan.merges))
    verdict = await retry_transient(compare, "the comparison", context.observer)
    async with context.transaction() as connection:
        await history.record_merges(connection, context.run, verdict)
    copier = _copier(context)
    for table in verdict.tables:
        set_aside = partial(copier.set_aside, table.table)
        quarantined = await retry_transient(set_aside, table.table.source_name, context.observer)
        await _merge_account(context, table, quarantined)


async def _merge_account(context: RunContext, verdict: TableVerdict, quarantined: int) -> None:
    rows, imported = verdict.result, len(verdict.table.imported)
    counts = {
        "rows_read": rows.left_rows + quarantined,
        "rows_merged": rows.matched - imported,
        "rows_written": imported,
        "rows_quarantined": quarantined,
    }
    async with context.transaction() as connection:
        await accounts.update_account(
            connection, context.run, verdict.table, **counts, seconds=verdict.seconds, bytes=0, status="done"
        )


async def _account(context: RunContext, plan: Plan) -> None:
    """Law 1: count what the target holds, and let the sums say whether anything is lost."""
    for table in plan.copies:
        imported = sum(len(t.imported) for t in plan.merges if t.target_name == table.target_name)
        rows = await indexes.count_rows(context.connection, table.target_name) - imported
        async with context.transaction() as connection:
            account = {"rows_written": rows, "rows_merged": 0, "status": "done"}
            await accounts.update_account(connection, context.run, table, **account)
    wrong = [t for t in await accounts.accounts(context.connection, context.run) if not t.balanced]
    if wrong:
        raise FindingsError(
            f"the rows don't add up in {len(wrong)} of the tables: read = written + quarantined + merged does not hold",
            details=tuple(
                f"{t.source} -> {t.target}: {t.rows_read} read, {t.rows_written} written,"
                f" {t.rows_quarantined} quarantined, {t.rows_merged} merged"
                for t in wrong
            ),
            hint="run payrollx-db verify to name the rows; did the legacy databases take writes meanwhile?",
        )


def _copier(context: RunContext) -> TableCopier:
    return TableCopier(context, asyncio.Semaphore(context.jobs))


async def _current_target(context: RunContext, plan: Plan) -> Database:
    return await read_database(context.connection, plan.target.name)
