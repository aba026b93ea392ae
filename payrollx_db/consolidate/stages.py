"""The stages of a copy, one after the other: drop what is in the way, copy and index, keys, merge, account."""

import asyncio
from collections import Counter
from dataclasses import replace
from functools import partial

from payrollx_db.consolidate.check.deciding_anew import decide_anew
from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy import foreign_keys, indexes, rows, sequences, triggers
from payrollx_db.consolidate.copy.copying import Copying, Indexing
from payrollx_db.consolidate.copy.foreign_keys import KeyBuilder
from payrollx_db.consolidate.copy.loose_references import count_loose_references
from payrollx_db.consolidate.copy.progress import watching
from payrollx_db.consolidate.copy.rows import in_groups
from payrollx_db.consolidate.copy.tables import TableCopier
from payrollx_db.consolidate.copy.work import Work
from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.state import accounts, history
from payrollx_db.consolidate.state.objects import designed_valid, dropped_objects
from payrollx_db.consolidate.state.runs import set_stage
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verifier
from payrollx_db.errors import FindingsError
from payrollx_db.model.catalog import Reference
from payrollx_db.model.events import Notice, StageStarted
from payrollx_db.postgres.introspect import ForeignKey


async def run_stages(context: RunContext, plan: Plan) -> None:
    """Do what is left to do of the run. Raises FindingsError where the data doesn't fit, SourceError or TargetError.

    Where the sources are followed afterwards, each part is of a moment of its own. So what speaks of two tables waits
    for a common one, which `follow.settle` knows: foreign keys, the comparison of duplicate tables, loose references.
    """
    await _begin_stage(context, "copy")
    if context.without_triggers:
        await triggers.leave_out(context, {table.target_name for table in plan.copies})
    work = await Work.of(context, plan)
    await _drop(work)
    await _copy_and_index(work)
    await _begin_stage(context, "load")
    if not context.following:
        await _restore_keys(work)
    set_sequences = partial(sequences.set_sequences, context, context.session, plan, context.run)
    await retry_transient(set_sequences, "setting the sequences", context.observer)
    if not context.following:
        await _begin_stage(context, "merge")
        await _merge(context, plan)
    await _account(context, plan)
    if not context.following:
        await count_loose_references(context, plan)
    await triggers.bring_back(context)


async def _begin_stage(context: RunContext, stage: str) -> None:
    async with context.transaction() as connection:
        await set_stage(connection, context.run, stage)


async def _drop(work: Work) -> None:
    """Drop what is in the way of the rows, so much in one transaction as any server has locks for."""
    context, selection = work.context, work.selection
    for keys in in_groups(selection.keys, foreign_keys.GROUP):
        async with context.transaction() as connection:
            await foreign_keys.drop_keys(connection, context.target, context.run, keys)
    for chosen in in_groups(selection.indexes, foreign_keys.GROUP):
        async with context.transaction() as connection:
            await indexes.drop_indexes(connection, context.target, context.run, chosen)


async def _copy_and_index(work: Work) -> None:
    """Copy tables, several at once, and index each as soon as its rows are in."""
    context, plan = work.context, work.plan
    context.observer(StageStarted("copy", f"{len(plan.copies)} table pairs, {context.jobs} at once"))
    copier = TableCopier(context, asyncio.Semaphore(context.jobs), work.selection.truncatable)
    indexing = Indexing(context, work.database, await dropped_objects(context.connection, context.run))
    async with watching(context, plan):
        await Copying(work, copier, indexing, partial(decide_anew, context, plan) if context.following else None).all()


async def _restore_keys(work: Work) -> None:
    """Restore the foreign keys: first all of them, looking at no row, then each that was valid is validated."""
    context, tables = work.context, work.database.tables
    dropped = await dropped_objects(context.connection, context.run)
    ready = work.filled | {table.target_name for table in work.plan.copies}
    context.observer(StageStarted("load", "foreign keys"))
    builder = KeyBuilder(context, {name for name, table in tables.items() if table.kind == "p"})
    designed = await designed_valid(context.connection)
    originals = [item.thing for item in dropped if isinstance(item.thing, ForeignKey)]
    due = [k for k in originals if (k.parent or k.target) in ready and (k.table, k.name) in designed]
    missing = foreign_keys.dropped_keys(work.database, dropped)
    await builder.add(missing, [key for key in missing if key not in due])
    valid = {(key.table, key.name) for key in work.database.foreign_keys if key.validated}
    small = {table.target_name for table in work.plan.copies if table.small}
    await builder.validate([k for k in due if (k.table, k.name) not in valid], small)
    for key in originals:
        if (key.parent or key.target) not in ready:
            reference = Reference(key.table, key.columns, key.target, key.target_columns, enforced=True)
            text = f"{reference}: its foreign key is left NOT VALID, as what it points at isn't copied yet"
            context.observer(Notice(text))


async def _merge(context: RunContext, plan: Plan) -> None:
    """Merge the duplicate tables: every row of theirs must be in the target already, and equal."""
    if not plan.merges:
        return
    duplicates = {table.source_name for table in plan.merges}
    context.observer(StageStarted("merge", f"{len(plan.merges)} table pairs, of {len(duplicates)} duplicate tables"))
    compare = partial(Verifier(context).all, replace(plan, tables=plan.merges), "merge")
    verdict = await retry_transient(compare, "the comparison", context.observer)
    async with context.transaction() as connection:
        await history.record_merges(connection, context.run, verdict)
    copier = TableCopier(context, asyncio.Semaphore(context.jobs))
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
    imported: Counter[Destination] = Counter()
    for table in plan.merges:
        imported[table.destination] += len(table.imported)
    for group in in_groups(plan.copies, rows.GROUP):
        held = await rows.count(context.connection, [(table.target, table.destination) for table in group])
        counts = {t.place: held[t.destination] - imported[t.destination] for t in group}
        async with context.transaction() as connection:
            await accounts.finish_counted(connection, context.run, counts)
    accounted = await accounts.accounts(context.connection, context.run)
    wrong = [t for t in accounted if not t.balanced and not (context.following and t.kind == "merge")]
    if wrong:
        raise FindingsError(
            f"the rows don't add up in {len(wrong)} of the table pairs:"
            " read = written + quarantined + merged does not hold",
            details=tuple(
                f"{t.source} -> {t.target}: {t.rows_read} read, {t.rows_written} written,"
                f" {t.rows_quarantined} quarantined, {t.rows_merged} merged"
                for t in wrong
            ),
            hint="run payrollx-db verify to name the rows; did the legacy databases take writes meanwhile?",
        )
