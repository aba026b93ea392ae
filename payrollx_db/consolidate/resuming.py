"""What is left to do of a plan, and how its run ends: resumed, given up, undone, or stopped with all else restored."""

from dataclasses import replace

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.copy import rows, undo
from payrollx_db.consolidate.copy.abandon import abandon
from payrollx_db.consolidate.copy.restoring import restore_dropped
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task, unfinished_run
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.stages import run_stages
from payrollx_db.consolidate.state import accounts
from payrollx_db.consolidate.state.parts import finished_parts
from payrollx_db.consolidate.state.places import refuse_other_places
from payrollx_db.consolidate.state.runs import Run, has_written, last_policies, refuse_other
from payrollx_db.errors import FindingsError, PayrollxError, StateConflictError, TargetError
from payrollx_db.model.events import Notice
from payrollx_db.model.wording import counted
from payrollx_db.postgres.session import Connection


async def run_to_resume(context: Context, session: RunSession, task: Task, plan: Plan) -> Run | None:
    """Return the unfinished run that is to be resumed, if there is one.

    One that has written nothing, and was of something else or had other policies, is given up instead: nothing is lost.
    Raises StateConflictError where it was with a server of which this may be a clone.
    """
    run = await unfinished_run(session.connection, [table.destination for table in plan.copies])
    if run is None:
        return None
    written = await has_written(session.connection, run.id)
    # Even where nothing would be lost: who gives the URL of a clone has most likely mistaken it for the original's.
    await refuse_other_places(session.connection, run, context.endpoints, task.same_servers, clones=not written)
    finished = await finished_parts(session.connection, run.id)
    # What isn't in is redone whole, and so emptied: others' rows that came meanwhile would go with it.
    waiting = {table.destination for table in plan.copies if table.place not in finished}
    recorded = {account.destination for account in await accounts.accounts(session.connection, run.id)}
    await undo.refuse_foreign(session.connection, run.id, plan.target.tables, waiting & recorded)
    if written:
        return run
    left = await left_to_copy(session.connection, plan, run)
    try:
        await refuse_other(session.connection, run, left)
    except StateConflictError as error:
        why = error.message
    else:
        known = await last_policies(session.connection, run.id)
        if known is None or known == list(map(str, task.policies.all)):
            return run
        why = "it had other policies"
    context.observer(Notice(f"run {run.id} has written nothing, and is given up: {why}"))
    given_up = await abandon(context, session, run, f"it had written nothing, and was given up: {why}")
    if given_up.unrestored:
        raise undo.unrestored_error(f"run {run.id} is given up", given_up.unrestored)
    return None


async def run_or_undo(context: RunContext, run: Run, plan: Plan) -> None:
    """Do what is left to do of ``run``; undo it where the data doesn't fit.

    Raises FindingsError when that is undone; SourceError or TargetError where the run can be resumed. Both name what
    could not be restored; all else that was dropped from tables whose rows are in is back by then.
    """
    try:
        await run_stages(context, plan)
    except FindingsError as error:
        destinations = [table.destination for table in plan.copies]
        left = await undo.undo(context, run, destinations, "the data did not fit; nothing was changed")
        error.details = (*error.details, *(f"can't be restored: {item}" for item in left))
        raise
    except TargetError as error:
        if not error.transient:
            await _restore_others(context, plan, error)
        raise


async def _restore_others(context: RunContext, plan: Plan, error: TargetError) -> None:
    """Restore what else the run has dropped, as far as its tables are in; let ``error`` name what can't be."""
    finished = await finished_parts(context.connection, context.run)
    waiting = {table.target_name for table in plan.copies if table.place not in finished}
    try:
        left = await restore_dropped(context, waiting, keys=not context.following)
    except PayrollxError as failure:  # what has stopped the run is what counts
        context.observer(Notice(f"{failure.message}; the other indexes and keys wait for the next copy"))
        return
    error.details = (*error.details, *(f"can't be restored: {item}" for item in left if item.reason))


async def left_to_copy(connection: Connection, plan: Plan, unfinished: Run | None) -> Plan:
    """Refuse rows of no known run (law 7), and leave out what a finished run has already copied."""
    # A table that a run filled and that somebody has emptied since is to be copied again.
    destinations = {table.destination for table in plan.tables}
    done = await accounts.done_tables(connection, destinations)
    filled = await rows.filled(connection, plan.target.tables, destinations)
    copied = {destination for destination, count in done.items() if not count or destination in filled}
    if unfinished is None:
        left = [table.destination for table in plan.copies if table.destination not in copied]
        unowned = [destination for destination in left if destination in filled]
        if unowned:
            raise StateConflictError(
                f"the target holds rows of no known run, in {counted(len(unowned), 'table')}",
                details=tuple(map(str, unowned)),
                hint="copy into empty tables: empty these, or use another database",
            )
    return replace(plan, tables=tuple(table for table in plan.tables if table.destination not in copied))
