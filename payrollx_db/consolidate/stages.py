"""The stages of a copy, one after the other: take down, copy and index, keys, merge, account."""

import asyncio
from collections import Counter
from dataclasses import replace
from functools import partial

from payrollx_db.consolidate.copy import indexes as load
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.copy.progress import watching
from payrollx_db.consolidate.copy.tables import TableCopier
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.state import history, store
from payrollx_db.consolidate.state.store import Run
from payrollx_db.consolidate.verify.verifier import TableVerdict, Verifier
from payrollx_db.errors import FindingsError
from payrollx_db.model.events import StageStarted
from payrollx_db.postgres.concurrency import limited, together
from payrollx_db.postgres.introspect import Database, ForeignKey, Index, read_database
from payrollx_db.postgres.session import Connection


async def run_stages(held: Connection, task: Task, made: Plan, run: Run) -> None:
    """Do what is left to do of ``run``. Raises FindingsError where the data doesn't fit, SourceError or TargetError."""
    await store.set_stage(held, run.id, "copy")
    await _drop_indexes(held, task, made, run)
    await _copy_and_index(held, task, made, run)
    await store.set_stage(held, run.id, "load")
    await _restore_keys(held, task, made, run)
    sources = dict(task.sources)
    await retry_transient(
        lambda: load.set_sequences(held, sources, made.copies), "setting the sequences", task.observer
    )
    await store.set_stage(held, run.id, "merge")
    await _merge(held, task, made, run)
    await _account(held, made, run)


async def _drop_indexes(held: Connection, task: Task, made: Plan, run: Run) -> None:
    done = await store.finished_parts(held, run.id)
    names = {table.target_name for table in made.copies if table.place not in done}
    standing = await _as_it_stands(held, made.target)
    await load.drop_indexes(held, task.target, run.id, standing, names)


async def _copy_and_index(held: Connection, task: Task, made: Plan, run: Run) -> None:
    """Copy tables, several at once, and index each as soon as its rows are in."""
    task.observer(StageStarted("copy", f"{len(made.copies)} tables, {task.jobs} at once"))
    done = await store.finished_parts(held, run.id)
    taken = await store.taken(held, run.id)
    standing = await _as_it_stands(held, made.target)
    copier = _copier(held, task, run)
    index_builder = IndexBuilder(run.id, task.target, task.observer, held.info.backend_pid)
    building = asyncio.Semaphore(task.jobs)
    missing = {t.target_name: load.missing_indexes(standing.tables[t.target_name], taken) for t in made.copies}
    waiting = Counter({name: len(indexes) for name, indexes in missing.items()})

    async def build(table: TablePlan) -> None:
        found = standing.tables[table.target_name]

        async def one(index: Index) -> None:
            async with building:
                # Two builds with a processor each are done sooner than two that share both with helpers;
                # only the last ones, which leave some of the jobs idle, are given help.
                idle = max(0, task.jobs - waiting.total())
                await index_builder.build_index(table.target_name, index, helpers=idle)
            waiting[table.target_name] -= 1

        await together([one(index) for index in missing[table.target_name]])
        await index_builder.attach(table.target_name, load.missing_constraints(found, taken))
        await index_builder.analyze(table.target_name)

    async def move(table: TablePlan) -> None:
        if table.place not in done:
            begun = partial(store.table_started, held, run.id, table)
            await retry_transient(lambda: copier.move(table, begun), table.target_name, task.observer)
        for duplicate in (t for t in made.merges if t.target_name == table.target_name and t.adopted):
            if table.place not in done or duplicate.place not in done:
                await retry_transient(partial(copier.adopt, duplicate), duplicate.source_name, task.observer)
        await build(table)

    async with watching(task.watched or task.target, run.id, made, task.observer):
        await together([move(table) for table in made.copies])


async def _restore_keys(held: Connection, task: Task, made: Plan, run: Run) -> None:
    """Put the foreign keys back: first all of them, looking at no row, then each is validated."""
    standing = await _as_it_stands(held, made.target)
    taken = await store.taken(held, run.id)
    ready = {table.target_name for table in made.copies} | set(await store.done_tables(held))
    task.observer(StageStarted("load", "foreign keys"))
    index_builder = IndexBuilder(run.id, task.target, task.observer, held.info.backend_pid)
    originals = [item.thing for item in taken if isinstance(item.thing, ForeignKey)]
    unvalidated = {(key.table, key.name) for key in standing.foreign_keys if not key.validated}
    missing = load.dropped_keys(standing, taken)
    for key in missing:
        await index_builder.add_foreign_key(key, validated=key.target not in ready)
    added = {(key.table, key.name) for key in missing}
    due = [k for k in originals if (k.table, k.name) in added | unvalidated and k.target in ready]

    async def validate(table: str) -> None:
        for key in due:  # one at a time: they would wait for each other's lock on the table
            if key.table == table:
                await index_builder.validate(key)

    await limited([validate(table) for table in dict.fromkeys(key.table for key in due)], task.jobs)


async def _merge(held: Connection, task: Task, made: Plan, run: Run) -> None:
    """Merge the duplicate tables: every row of theirs must be in the target already, and equal."""
    if not made.merges:
        return
    task.observer(StageStarted("merge", f"{len(made.merges)} duplicate tables"))
    merging = replace(made, tables=made.merges)
    verifier = Verifier(task.sources, task.target, task.observer)
    verdict = await retry_transient(lambda: verifier.all(merging, jobs=task.jobs), "the comparison", task.observer)
    await history.merges(held, run.id, verdict)
    copier = _copier(held, task, run)
    for table in verdict.tables:
        out = await retry_transient(partial(copier.set_aside, table.table), table.table.source_name, task.observer)
        await _merge_account(held, run, table, out)


async def _merge_account(held: Connection, run: Run, verdict: TableVerdict, out: int) -> None:
    result, adopted = verdict.result, len(verdict.table.adopted)
    account = {"rows_read": result.left_rows + out, "rows_merged": result.matched - adopted, "rows_written": adopted}
    done = {"rows_quarantined": out, "seconds": verdict.seconds, "bytes": 0, "status": "done"}
    await store.table_account(held, run.id, verdict.table, **account, **done)


async def _account(held: Connection, made: Plan, run: Run) -> None:
    """Law 1: count what the target holds, and let the sums say whether anything is lost."""
    for table in made.copies:
        adopted = sum(len(t.adopted) for t in made.merges if t.target_name == table.target_name)
        rows = await load.count_rows(held, table.target_name) - adopted
        await store.table_account(held, run.id, table, rows_written=rows, rows_merged=0, status="done")
    wrong = [t for t in await store.tables(held, run.id) if not t.balanced]
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


def _copier(held: Connection, task: Task, run: Run) -> TableCopier:
    slots = asyncio.Semaphore(task.jobs)
    return TableCopier(run.id, dict(task.sources), task.target, slots, task.observer, held.info.backend_pid)


async def _as_it_stands(held: Connection, target: Database) -> Database:
    return await read_database(held, target.name)
