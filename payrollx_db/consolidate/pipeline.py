"""The story of a consolidation, from top to bottom.

Each public function is one thing that a person asks for. They take endpoints, a catalog and a layout,
tell an observer how it goes, and return frozen results; nothing here prints or exits.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from payrollx_db.consolidate.check import checks
from payrollx_db.consolidate.check.checks import Checked
from payrollx_db.consolidate.check.foreign_targets import foreign_targets
from payrollx_db.consolidate.check.functions import unreadable_tables
from payrollx_db.consolidate.check.moment import for_the_moment, refuse_unfollowed
from payrollx_db.consolidate.check.preflight import poolers, run_preflight, unreadable
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.copy import undo
from payrollx_db.consolidate.copy.abandon import Abandoned
from payrollx_db.consolidate.copy.abandon import abandon as abandon_run
from payrollx_db.consolidate.copy.requeue import QuarantineRetrier, Retried, lossy_keys, plans_with_keys
from payrollx_db.consolidate.copy.sequences import set_sequences
from payrollx_db.consolidate.opening import opened, planned, refuse_mismatches
from payrollx_db.consolidate.plan.plan import Plan, parents_first
from payrollx_db.consolidate.planner import CheckRows, Task, plan, unfinished_run
from payrollx_db.consolidate.quarantine import apply
from payrollx_db.consolidate.recording import announce, record_changes, record_interruption, record_start
from payrollx_db.consolidate.resuming import left_to_copy, run_or_undo, run_to_resume
from payrollx_db.consolidate.retrying import resume_after_lock_loss
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import accounts, quarantine
from payrollx_db.consolidate.state.accounts import TableState
from payrollx_db.consolidate.state.lock import exclusive
from payrollx_db.consolidate.state.places import refuse_other_places
from payrollx_db.consolidate.state.quarantine import Decision
from payrollx_db.consolidate.state.runs import Run, finish_run, runs
from payrollx_db.consolidate.state.unfinished import find_unfinished_async, refuse_unfinished
from payrollx_db.consolidate.verification import accept_structure, verify
from payrollx_db.consolidate.verify.verifier import Verdict
from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Notice, Observer, StageStarted, ignore_events
from payrollx_db.model.finding import Finding, refuse
from payrollx_db.model.layout import Layout
from payrollx_db.postgres.concurrency import background
from payrollx_db.postgres.introspect import KnownCatalogs
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session_pool import shared_or_own

__all__ = [
    "Abandoned",
    "CheckRows",
    "Report",
    "Task",
    "abandon",
    "accept_structure",
    "check",
    "copy",
    "copy_and_verify",
    "plan",
    "refuse_mismatches",
    "retry",
    "verify",
]

# Bytes of source tables below which all rows are checked first: that costs little then, and nothing is
# written in vain. Above it, it would cost a fourth of the copy, whose own constraints find the same.
CHECK_FIRST = 256 * 1024 * 1024


@dataclass(frozen=True)
class Report:
    """What a finished run did. ``seconds`` is the wall time of this call.

    With ``nothing_to_do``, this call copied nothing, as finished runs have copied all of it: ``run`` is the newest of
    them, and ``tables`` are what they have recorded.
    """

    run: Run
    tables: tuple[TableState, ...]
    findings: tuple[Finding, ...]
    waiting: tuple[str, ...]
    seconds: float
    nothing_to_do: bool = False

    def document(self) -> dict[str, Any]:
        """Return the report as plain data, for ``--json``."""
        return {
            "run": self.run.id,
            "status": self.run.status,
            "seconds": round(self.seconds, 3),
            "tables": [table.document() for table in self.tables],
            "waiting": list(self.waiting),
            "nothing_to_do": self.nothing_to_do,
        }


async def check(task: Task, *, reversible: bool = False) -> tuple[Finding, ...]:
    """Say what the copy could not carry over as it is, and what the policies say of it. Changes nothing.

    ``reversible`` says as well what has no way back, and proves of all else that it has one. Where rights are missing,
    the rows aren't checked. Raises LayoutMismatchError where the layout
    doesn't fit, SourceError or TargetError.
    """
    async with opened(task) as context:
        plan = await planned(context, task)
        context.observer(StageStarted("check", "looking for what could not be carried over"))
        preflight = tuple(await run_preflight(context, plan))
        if unreadable(preflight):
            context.observer(Notice("the rows were not checked: first fix what keeps them from being read"))
            return preflight
        checked = await checks.check(context, plan, task.policies, loose=True)
        if not reversible:
            return (*preflight, *checked.findings)
        from payrollx_db.consolidate.check.reversible import prove  # what it takes is imported for it alone

        return (*preflight, *checked.findings, *(await prove(context, plan, task.policies)).findings)


async def copy(task: Task, *, restart: bool = False) -> Report:
    """Copy, load, merge, and account for every row; or resume a run that was interrupted.

    ``restart`` first undoes what earlier runs have written to these tables (see `undo.restart`).
    What finished runs have copied is left as it is; where that is all, there is nothing to do.
    Raises LayoutMismatchError or FindingsError before anything is written where the layout or the
    data doesn't fit; StateConflictError where the target isn't this run's to write; SourceError or
    TargetError where a side fails. An interruption is recorded, and the next call resumes the run.
    """
    started = time.monotonic()
    undoing = restart
    if task.following:
        refuse_unfollowed(task.policies)
    task = task.placed()
    async with opened(task) as context:

        async def attempt() -> Report:
            nonlocal undoing
            plan = await planned(context, task)
            refuse([*poolers(plan), *await foreign_targets(context, plan), *await unreadable_tables(context, plan)])
            async with exclusive(context.target) as session:
                if undoing:
                    await _refuse_followed(context, session, plan)
                    await undo.restart(context, session, {table.destination for table in plan.copies})
                    undoing, plan = False, await planned(context, task)  # it may have restored something
                if await undo.restore_earlier(context, session, {table.target_name for table in plan.copies}):
                    plan = await planned(context, task)
                return await _copy(context, session, task, plan)

        report = await resume_after_lock_loss(attempt, context.observer)
    return replace(report, seconds=time.monotonic() - started)


async def copy_and_verify(
    task: Task, copied: Callable[[Task, Report], Awaitable[None]], *, restart: bool = False
) -> Verdict:
    """Copy as `copy` does, then prove it as `verify` does, in the same sessions; both sides are read anew for that, but
    for the catalogs of sources whose servers have done nothing since.

    ``copied`` is awaited in between, with the task that has these sessions, and what the copy did. Raises as both do:
    what was copied stays, where the proof can't be made.
    """
    async with shared_or_own(task.sessions) as sessions:
        shared = replace(task.placed(), sessions=sessions, catalogs=KnownCatalogs())
        await copied(shared, await copy(shared, restart=restart))
        return await verify(shared)


async def empty(task: Task) -> None:
    """Undo what runs have written to these tables, and copy nothing (see `undo.restart`).

    Raises as `copy` with ``restart`` does.
    """
    async with opened(task) as context:
        plan = await planned(context, task)
        async with exclusive(context.target) as session:
            await _refuse_followed(context, session, plan)
            await undo.restart(context, session, {table.destination for table in plan.copies})


async def abandon(
    target: Endpoint, catalog: Catalog, *, observer: Observer = ignore_events, jobs: int = 4
) -> Abandoned:
    """Give up the unfinished run of ``target``: restore what it has dropped as far as possible, and leave its rows.

    Needs no source, no layout and no policy. Raises StateConflictError where a run is at work, or none is unfinished;
    TargetError where the state can't be written.
    """
    task = Task(catalog, Layout("", ()), {}, target, jobs=jobs, observer=observer)
    async with opened(task) as context, exclusive(context.target) as session:
        run = await unfinished_run(session.connection)
        if run is None:
            raise StateConflictError("no run is unfinished here", hint="payrollx-db status lists the runs")
        return await abandon_run(context, session, run, "given up by payrollx-db abandon")


async def retry(task: Task) -> tuple[Retried, ...]:
    """Restore rows whose cause is gone, parents first. Raises as `copy` does, StateConflictError during one."""
    async with opened(task) as context:
        plan = await planned(context, task)
        refuse(poolers(plan))
        async with exclusive(context.target) as session:
            done = [run for run in await runs(session.connection) if run.status == "done"]
            decisions = await quarantine.decisions(session.connection, [run.id for run in done])
            if not decisions:
                return ()
            for newest in done[:1]:
                await refuse_other_places(session.connection, newest, context.endpoints, task.same_servers)
            destinations = [table.destination for table in plan.tables]
            run = await find_unfinished_async(
                session.connection, {table.target.schema for table in plan.tables}, destinations
            )
            refuse_unfinished(run, context.target.url.masked, "given rows of the quarantine", task.catalog)
            writing_runs = await accounts.writing_runs(session.connection)
            retrier = QuarantineRetrier(context, session.lock_pid, writing_runs, lossy_keys(decisions))
            retried = await _retry_all(retrier, plan, decisions)
            if any(table.restored for table in retried):
                await set_sequences(context, session, plan)
            return retried


# --- the steps of a copy -------------------------------------------------------------------------------


async def _copy(context: Context, session: RunSession, task: Task, plan: Plan) -> Report:
    """Check, record and run what is left of ``plan``, while the run's lock is held."""
    unfinished = await run_to_resume(context, session, task, plan)
    whole, plan = plan, await left_to_copy(session.connection, plan, unfinished)
    if not plan.tables:
        return await _nothing_to_do(session.connection, whole)
    # An unfinished run has checked its rows, and what was decided then is recorded, and holds.
    thorough = unfinished is None and _checks_every_row(task, plan)
    begun = partial(_check_and_run, context, session, task, plan, unfinished, thorough=thorough)
    if not context.following:
        return await begun()
    from payrollx_db.consolidate.followed import followed_from_here  # as below

    async with followed_from_here(context, session, task, whole, plan, unfinished):
        return await begun()


async def _refuse_followed(context: Context, session: RunSession, plan: Plan) -> None:
    """Raise StateConflictError where a database was cut over, or tables take no writes but its."""
    # Imported here, because most copies have nothing to do with following, whose modules take long to import.
    from payrollx_db.consolidate.followed import refuse_closed, refuse_moved

    await refuse_moved(context, session.connection, set(plan.sources))
    await refuse_closed(session.connection, plan)


async def _check_and_run(
    context: Context, session: RunSession, task: Task, plan: Plan, unfinished: Run | None, *, thorough: bool
) -> Report:
    checked = await _check_before(context, task, plan, thorough=thorough, resuming=unfinished is not None)
    run = await record_start(context, session, task, plan, checked, unfinished)
    running = context.of_run(run.id, session)
    changes = await record_changes(running, plan) if unfinished and not context.following else []
    findings = [*checked.findings, *changes]
    plan = apply(plan, await quarantine.decisions(session.connection, [run.id]))
    try:
        await announce(running, plan, resumed=unfinished is not None)
        await run_or_undo(running, run, plan)
    except FindingsError as error:
        if not thorough or error.sqlstate.startswith("23"):
            # Names all, not just the first; and what a source's own constraints say turned out not to be so.
            anew = await checks.check(context, plan, task.policies, trusting=False)
            refuse(anew.findings)
            _name_resolved(error, anew.findings)
        raise
    except BaseException as error:
        await record_interruption(running, task.catalog, error)
        raise
    tables = tuple(await accounts.accounts(session.connection, run.id))
    async with running.transaction() as connection:
        await finish_run(connection, run.id, "done")
    return Report(replace(run, status="done"), tables, tuple(findings), tuple(map(str, plan.waiting)), 0.0)


def _name_resolved(error: FindingsError, findings: Sequence[Finding]) -> None:
    """Let ``error`` name what the policies would have resolved, had they known, and the next step."""
    if resolved := [finding for finding in findings if finding.resolved]:
        error.details = (*error.details, *map(str, resolved))
        error.hint = (
            "the policies resolve what is named here, once every row is checked before the copy:"
            " copy again with --check-rows always"
        )


async def _nothing_to_do(connection: Connection, plan: Plan) -> Report:
    """Return what finished runs have recorded of ``plan``. Raises ConfigurationError where it has no tables."""
    if not plan.tables:
        raise ConfigurationError(
            f"the layout {plan.layout.name} has no table for {', '.join(plan.services)}",
            hint="leave out --service, or map its tables in the layout",
        )
    destinations = {table.destination for table in plan.tables}
    last = await accounts.writing_runs(connection, {destination.table for destination in destinations})
    scoped = {table.place for table in plan.tables if table.scope}
    whole = {destination.table for destination in destinations if not destination.scope}
    numbers = sorted({run for place, run in last.items() if place in scoped or place[1] in whole})
    recorded = [
        account
        for number in numbers
        for account in await accounts.accounts(connection, number)
        if account.destination in destinations and last[account.source, account.target] == number
    ]
    (newest,) = [run for run in await runs(connection) if run.id == numbers[-1]]
    return Report(newest, tuple(recorded), (), tuple(map(str, plan.waiting)), 0.0, nothing_to_do=True)


async def _check_before(context: Context, task: Task, plan: Plan, *, thorough: bool, resuming: bool) -> Checked:
    """Raise FindingsError where anything blocks the copy; return what else was found, and what was decided."""
    context.observer(StageStarted("check", "looking for what could not be carried over"))
    checked = Checked((), ())
    stands = "the unfinished run stays as it was" if resuming else "nothing was changed"
    async with background(checks.read_target_rules(context, plan) if thorough else None) as rules:
        preflight = await run_preflight(context, plan)
        refuse(preflight, otherwise=stands)  # before rows are read, which takes longer
        if thorough:
            checked = await checks.check(context, plan, task.policies, rules=rules)
        elif not resuming:
            checked = await checks.check_silent(context, plan)
    if context.following:
        checked = for_the_moment(checked, {table.source_name for table in plan.merges})
    refuse(checked.findings, otherwise=stands)
    worth_recording = (finding for finding in preflight if finding.severity != "info")
    return replace(checked, findings=(*worth_recording, *checked.findings))


def _checks_every_row(task: Task, plan: Plan) -> bool:
    if task.check_rows == "auto":
        return bool(task.policies.all) or plan.size < CHECK_FIRST
    return task.check_rows == "always"


async def _retry_all(retrier: QuarantineRetrier, plan: Plan, decisions: Sequence[Decision]) -> tuple[Retried, ...]:
    groups = plans_with_keys(plan, decisions)
    order: dict[str, int] = {}
    for number, table in enumerate(parents_first(plan)):
        order.setdefault(table.source_name, number)
    retried = []
    for source in sorted(groups, key=lambda name: order.get(name, len(order))):
        tables, keys = groups[source]
        if tables[0].owner is None:
            retried.append(await retrier.tables(tables, keys))
        else:
            retried.append(await retrier.duplicates(tables, keys))
    return tuple(retried)
