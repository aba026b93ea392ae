"""What the target records of a run around its stages, and what people are told: its start, and how it was cut off."""

import asyncio

from payrollx_db.consolidate.check.checks import Checked
from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import flows, history, quarantine
from payrollx_db.consolidate.state.findings import record_findings
from payrollx_db.consolidate.state.migrations import migrate
from payrollx_db.consolidate.state.parts import copied_snapshots, finished_parts
from payrollx_db.consolidate.state.places import record_places
from payrollx_db.consolidate.state.runs import Run, record_failure, resume_run, start_run
from payrollx_db.consolidate.state.structures import record_structure
from payrollx_db.consolidate.state.unfinished import describe_stopped
from payrollx_db.consolidate.verify.changes import find_changes
from payrollx_db.errors import PayrollxError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Notice, RunStarted, WorkStarted
from payrollx_db.model.finding import Finding


async def record_start(
    context: Context, session: RunSession, task: Task, plan: Plan, checked: Checked, unfinished: Run | None
) -> Run:
    """Record the run, or that it is resumed, with what was found and decided."""
    with context.target.translating_errors("can't write the state tables"):
        await migrate(session)
        async with session.transaction() as connection:  # a run without its decisions would be another run
            if unfinished is not None:
                run = await resume_run(connection, unfinished, plan)
            else:
                run = await start_run(connection, plan, context.sources, context.jobs)
                await record_structure(connection, run.id, plan.tables)
                await quarantine.record(connection, run.id, checked.decisions)
            await record_findings(connection, run.id, (finding.recorded for finding in checked.findings))
            await history.record_attempt(connection, run.id, plan, task.policies, context.target, context.jobs)
            needed = {name: context.sources[name] for name in plan.sources}
            await record_places(connection, run.id, needed, context.target)
            if context.following:
                await flows.set_run(connection, list(plan.sources), run.id)
    return run


async def record_changes(context: RunContext, plan: Plan) -> list[Finding]:
    """Return, and record, what changed in the sources since the run copied them."""
    snapshots = await copied_snapshots(context.connection, context.run)
    findings = await find_changes(context, plan, snapshots)
    async with context.transaction() as connection:
        await record_findings(connection, context.run, (finding.recorded for finding in findings))
    return findings


async def announce(context: RunContext, plan: Plan, *, resumed: bool) -> None:
    """Tell what the run is going to do, and what of it is left."""
    context.observer(RunStarted(context.run, resumed, len(plan.copies), plan.rows, plan.size))
    finished = await finished_parts(context.connection, context.run)
    left = [table.source for table in plan.copies if table.place not in finished]
    rows, size = sum(source.rows for source in left), sum(source.size for source in left)
    context.observer(WorkStarted("copy", len(left), rows, size))


async def record_interruption(context: RunContext, catalog: Catalog, error: BaseException) -> None:
    """Record why a run stopped, and say how far it came, even while it is being cancelled."""
    status = "interrupted" if isinstance(error, asyncio.CancelledError | KeyboardInterrupt) else "failed"
    reason = error.message if isinstance(error, PayrollxError) else type(error).__name__
    message = status if status == "interrupted" else reason
    await asyncio.shield(record_failure(context.target, context.run, status, message))
    if progress := await asyncio.shield(describe_stopped(context.target, catalog)):
        context.observer(Notice(progress))
