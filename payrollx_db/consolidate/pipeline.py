"""The story of a consolidation, from top to bottom.

Each public function is one thing that a person asks for. They take endpoints, a catalog and a layout,
tell an observer how it goes, and return frozen results; nothing here prints or exits.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate import quarantine
from payrollx_db.consolidate.check import checks
from payrollx_db.consolidate.check.checks import Checked
from payrollx_db.consolidate.check.preflight import run_preflight, unreadable
from payrollx_db.consolidate.copy import indexes, undo
from payrollx_db.consolidate.copy.indexes import IndexBuilder
from payrollx_db.consolidate.copy.requeue import QuarantineRetrier, Retried, plans_with_keys, recorded
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.planner import CheckRows, Task, plan, unfinished_run
from payrollx_db.consolidate.quarantine import Decision
from payrollx_db.consolidate.retrying import resume_after_lock_loss
from payrollx_db.consolidate.stages import run_stages
from payrollx_db.consolidate.state import history, lock, store
from payrollx_db.consolidate.state.store import Run, TableState
from payrollx_db.consolidate.verify import changes
from payrollx_db.consolidate.verify.verifier import Verdict, Verifier
from payrollx_db.errors import (
    FindingsError,
    LayoutMismatchError,
    PayrollxError,
    StateConflictError,
)
from payrollx_db.model.events import Notice, RunStarted, StageStarted
from payrollx_db.model.finding import Finding, refuse
from payrollx_db.postgres.blockers import blockers_named
from payrollx_db.postgres.copy_pipe import rate_limit
from payrollx_db.postgres.session import Connection, connection_pool, session
from payrollx_db.postgres.session import run as execute

__all__ = ["CheckRows", "Report", "Task", "check", "copy", "plan", "refuse_mismatches", "retry", "verify"]

# Bytes of source tables below which all rows are looked at first: that costs little then, and nothing is
# written in vain. Above it, it would cost a third of the copy, whose own constraints find the same.
CHECK_FIRST = 256 * 1024 * 1024
INDEX_MEMORY = 256 * 1024 * 1024

OWNS = """
SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = %(role)s
    AND pg_catalog.pg_has_role(r.oid, CASE
        WHEN pg_catalog.current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
    AND EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p') AND c.relowner = r.oid)
"""


@dataclass(frozen=True)
class Report:
    """What a finished run did. ``seconds`` is the wall time of this call."""

    run: Run
    tables: tuple[TableState, ...]
    findings: tuple[Finding, ...]
    waiting: tuple[str, ...]
    seconds: float

    def document(self) -> dict[str, Any]:
        """Return the report as plain data, for ``--json``."""
        return {
            "run": self.run.id,
            "status": self.run.status,
            "seconds": round(self.seconds, 3),
            "tables": [table.document() for table in self.tables],
            "waiting": list(self.waiting),
        }


async def copy(task: Task, *, restart: bool = False) -> Report:
    """Copy, load, merge, and account for every row; or go on with a run that was cut off.

    ``restart`` first undoes what earlier runs have written to these tables (see `undo.restart`).
    Raises LayoutMismatchError or FindingsError before anything is written where the layout or the
    data doesn't fit; StateConflictError where the target isn't this run's to write; SourceError or
    TargetError where a side fails. What was cut off is recorded, and the next call goes on with it.
    """
    clock = asyncio.get_running_loop().time
    started = clock()
    async with connection_pool(), blockers_named((*task.needed.values(), task.target)):
        task = await _prepared(task)
        undoing = restart

        async def once() -> tuple[Plan, Run, list[TableState], list[Finding]]:
            nonlocal undoing
            made = await plan(task)
            refuse_mismatches(made)
            async with lock.exclusive(task.target) as held:
                if undoing:
                    names = {table.target_name for table in made.copies}
                    await undo.restart(held, task.target, names, task.observer, jobs=task.jobs)
                    undoing = False
                return made, *await _copy(held, task, made)

        with rate_limit(task.max_rate):
            made, run, accounts, findings = await resume_after_lock_loss(once, task.observer)
    waiting = tuple(str(reference) for reference in made.waiting)
    return Report(replace(run, status="done"), tuple(accounts), tuple(findings), waiting, clock() - started)


async def _copy(held: Connection, task: Task, made: Plan) -> tuple[Run, list[TableState], list[Finding]]:
    unfinished = await unfinished_run(held)
    made = await _still_to_do(held, made, unfinished)
    task.observer(StageStarted("check", "looking for what could not be carried over"))
    around = await run_preflight(made, task.sources, task.target)
    refuse(around)  # before rows are looked at, which takes longer
    # An unfinished run has looked at the rows, and what was decided then is recorded, and holds.
    thorough = unfinished is None and _is_thorough(task, made)
    checked = Checked((), ())
    if unfinished is None:
        checked = await (_check if thorough else _check_silent)(task, made)
    refuse(checked.findings)
    preflight_findings = [finding for finding in around if finding.severity != "info"]
    checked = replace(checked, findings=(*preflight_findings, *checked.findings))
    run, made, checked = await _begin(held, task, made, checked, unfinished)
    try:
        await run_stages(held, task, made, run)
    except FindingsError:
        names = [table.target_name for table in made.copies]
        index_builder = IndexBuilder(run.id, task.target, task.observer, held.info.backend_pid)
        await undo.undo(
            held, run, names, index_builder, "the data did not fit; the target is as it was", jobs=task.jobs
        )
        if not thorough:
            refuse((await _check(task, made)).findings)  # says it all, not just what came first
        raise
    except BaseException as error:
        await _record_end(task, run, error)
        raise
    accounts = await store.tables(held, run.id)
    await store.finish_run(held, run.id, "done")
    return run, accounts, list(checked.findings)


async def verify(task: Task, *, limit: int = 20, values: bool = False) -> Verdict:
    """Prove that both sides hold the same, and record that with the run. Raises as `plan` does, LayoutMismatchError."""
    started = time.monotonic()
    async with connection_pool():
        made = await plan(task)
        refuse_mismatches(made)
        async with session(task.target) as connection:
            runs = tuple(r.id for r in await store.runs(connection) if r.status != "undone")
            made = quarantine.apply(made, await quarantine.decided(connection, runs))
        task.observer(StageStarted("verify", "hashing both sides"))
        verifier = Verifier(task.sources, task.target, task.observer, limit, values, runs)
        verdict = await verifier.all(made, jobs=task.jobs)
        targets = ((await _prepared(task)).target, task.target)
        await history.proven(targets, verdict, started, task.observer)
        return verdict


async def check(task: Task) -> tuple[Finding, ...]:
    """Say what the copy could not carry over as it is, and what the policies say of it. Changes nothing.

    Where rights are missing, the rows aren't looked at. Raises LayoutMismatchError where the layout
    doesn't fit, SourceError or TargetError.
    """
    async with connection_pool():
        task = await _prepared(task)
        made = await plan(task)
        refuse_mismatches(made)
        task.observer(StageStarted("check", "looking for what could not be carried over"))
        around = tuple(await run_preflight(made, task.sources, task.target))
        if unreadable(around):
            task.observer(Notice("the rows were not looked at: first mend what keeps them from being read"))
            return around
        return (*around, *(await _check(task, made, loose=True)).findings)


async def retry(task: Task) -> tuple[Retried, ...]:
    """Put back rows whose cause is gone, parents first. Raises as `copy` does, StateConflictError during one."""
    async with connection_pool():
        task = await _prepared(task)
        made = await plan(task)
        refuse_mismatches(made)
        async with lock.exclusive(task.target) as held:
            runs = [r.id for r in await store.runs(held) if r.status == "done"]
            decisions = await quarantine.decided(held, runs)
            if not decisions:
                return ()
            retrier = QuarantineRetrier(task.sources, task.target, await recorded(held), held.info.backend_pid)
            return await _retry_all(retrier, made, decisions)


def refuse_mismatches(made: Plan) -> None:
    """Raise LayoutMismatchError where the layout and the databases disagree (law 2)."""
    if made.mismatches:
        places = "1 place" if len(made.mismatches) == 1 else f"{len(made.mismatches)} places"
        raise LayoutMismatchError(
            f"the legacy databases are not as the layout {made.layout.name} says, in {places}",
            details=tuple(map(str, made.mismatches)),
            hint="map each in the layout, or discard it there by name with a reason",
        )


async def _retry_all(retrier: QuarantineRetrier, made: Plan, decisions: Sequence[Decision]) -> tuple[Retried, ...]:
    groups = plans_with_keys(made, decisions)
    order: dict[str, int] = {}
    for number, table in enumerate(parents_first(made)):
        order.setdefault(table.source_name, number)
    done = []
    for source in sorted(groups, key=lambda name: order.get(name, len(order))):
        tables, keys = groups[source]
        if tables[0].owner is None:
            done.append(await retrier.tables(tables, keys))
        else:
            done.append(await retrier.duplicates(tables, keys))
    return tuple(done)


# --- before the first byte ---------------------------------------------------------------------------


def _is_thorough(task: Task, made: Plan) -> bool:
    """Whether to look at every row before the first one moves."""
    if task.check_rows == "auto":
        return bool(task.policies.all) or made.size < CHECK_FIRST
    return task.check_rows == "always"


async def _check_silent(task: Task, made: Plan) -> Checked:
    """Look only for what the copy itself would not notice."""
    return await checks.check_silent(made, task.sources, jobs=task.jobs)


async def _check(task: Task, made: Plan, *, loose: bool = False) -> Checked:
    return await checks.check(made, task.policies, dict(task.sources), task.target, jobs=task.jobs, loose=loose)


async def _prepared(task: Task) -> Task:
    """Let the target's sessions act as the role that owns its tables, where there is one and we are in it, and
    give index builds memory enough: what the server allows, but no less than INDEX_MEMORY.
    """
    async with session(task.target) as connection:
        with task.target.translating_errors("can't read its roles and settings"):
            schemas = [service.schema for service in task.catalog.services]
            owner = await execute(connection, sql.SQL(OWNS), {"role": task.catalog.owner_role, "schemas": schemas})
            query = sql.SQL("SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem'))")
            memory = (await execute(connection, query))[0][0]
    settings = dict(task.target.settings) | {"maintenance_work_mem": f"{max(memory, INDEX_MEMORY) // 1024}kB"}
    if owner:
        settings["role"] = task.catalog.owner_role
    return replace(task, target=replace(task.target, settings=settings), watched=task.target)


async def _begin(
    held: Connection, task: Task, made: Plan, checked: Checked, unfinished: Run | None
) -> tuple[Run, Plan, Checked]:
    """Record the run and what was decided; return it with the plan that keeps to the decisions."""
    with task.target.translating_errors("can't write the state tables"):
        await store.ensure(held)
        async with held.transaction():  # a run without its decisions would be another run
            if unfinished is not None:
                run = await store.resume_run(held, unfinished, made)
            else:
                run = await store.start_run(held, made, dict(task.sources), task.jobs)
                await quarantine.record(held, run.id, checked.decisions)
            await store.record_findings(held, run.id, (finding.recorded for finding in checked.findings))
            await history.attempt(held, run.id, made, task.policies, task.target, task.jobs)
    if unfinished is not None:
        found = await changes.since(held, run.id, made, task.sources, task.observer, jobs=task.jobs)
        await store.record_findings(held, run.id, (finding.recorded for finding in found))
        checked = replace(checked, findings=(*checked.findings, *found))
    made = quarantine.apply(made, await quarantine.decided(held, [run.id]))
    for reference in made.waiting:
        task.observer(Notice(f"{reference} waits: its other end is not part of this run"))
    task.observer(RunStarted(run.id, unfinished is not None, len(made.copies), made.rows, made.size))
    return run, made, checked


async def _still_to_do(held: Connection, made: Plan, unfinished: Run | None) -> Plan:
    """Refuse rows of no known run (law 7), and leave out what a finished run has already copied."""
    # A table that a run filled and that somebody has emptied since is to be copied again.
    recorded_rows = await store.done_tables(held)
    known = {name for name, rows in recorded_rows.items() if not rows or await indexes.has_rows(held, name)}
    if unfinished is None:
        strangers = [
            t for t in made.copies if t.target_name not in known and await indexes.has_rows(held, t.target_name)
        ]
        if strangers:
            raise StateConflictError(
                f"the target holds rows of no known run, in {len(strangers)} tables",
                details=tuple(t.target_name for t in strangers),
                hint="copy into empty tables: empty these, or use another database",
            )
    open_tables = tuple(t for t in made.tables if t.target_name not in known)
    if not open_tables:
        raise StateConflictError(
            "a finished run has already copied all of this",
            hint="payrollx-db verify proves it, payrollx-db status shows it",
        )
    return replace(made, tables=open_tables)


async def _record_end(task: Task, run: Run, error: BaseException) -> None:
    """Record why a run stopped, even while it is being cancelled."""
    interrupted = isinstance(error, asyncio.CancelledError | KeyboardInterrupt)
    said = error.message if isinstance(error, PayrollxError) else type(error).__name__
    message = "interrupted" if interrupted else said
    status = "interrupted" if interrupted else "failed"
    await asyncio.shield(store.record_failure(task.target, run.id, status, message))
