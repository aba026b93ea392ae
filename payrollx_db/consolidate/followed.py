"""What a copy does besides where its sources are followed afterwards, or were before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from payrollx_db.consolidate.check.preflight import run_preflight
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow import beginning
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.gate import Gate
from payrollx_db.consolidate.follow.sides import refuse_moved
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import Task
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state.runs import Run
from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.model.finding import refuse
from payrollx_db.postgres.session import Connection

__all__ = ["followed_from_here", "refuse_closed", "refuse_moved"]


@asynccontextmanager
async def followed_from_here(
    context: Context, session: RunSession, task: Task, whole: Plan, left: Plan, unfinished: Run | None
) -> AsyncIterator[None]:
    """Make what it takes to follow the sources, where they are to be followed; drop it where the data doesn't fit.

    It comes first, even before rows are checked: what changes after the check is looked at again by the passes.
    """
    if not context.following:
        yield
        return
    refuse(await run_preflight(context, left))
    made = await beginning.begin(context, session, whole, left, unfinished, task.same_servers)
    try:
        yield
    except FindingsError:
        await beginning.give_up(context, session, made)
        raise


async def refuse_closed(connection: Connection, plan: Plan) -> None:
    """Raise StateConflictError where tables that are to be emptied follow a source, and take no writes but its."""
    closed = [name for name in plan.sources if await gates.is_closed(connection, Gate.of_target(name))]
    if closed:
        raise StateConflictError(
            f"the tables of {', '.join(closed)} are followed, so they can't be emptied",
            hint=f"end that first: {plan.catalog.command('follow --drop')}",
        )
