"""How far a copy is: asked of the target's own progress view while it goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.state.parts import moved
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import TableProgress, ignore_events

EVERY = 0.5  # seconds


@asynccontextmanager
async def watching(context: RunContext, plan: Plan) -> AsyncIterator[None]:
    """Tell the observer twice a second how far each table is, for as long as the block runs."""
    if context.observer is ignore_events:
        yield
        return
    task = asyncio.create_task(_watch(context, plan))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])  # which doesn't take it for the task's own end where we are cancelled ourselves
        if not task.cancelled():
            task.result()


async def _watch(context: RunContext, plan: Plan) -> None:
    # The server says into which table a COPY goes, and not of which source's scope.
    places = {name: copies[0].place for name, copies in plan.copies_by_target.items() if len(copies) == 1}
    # Watching is a comfort: if its session breaks, the copy goes on, and fails by itself if it must.
    with suppress(psycopg.Error, OSError, PayrollxError):
        async with context.sessions.session(context.target_as_given) as connection:
            while True:
                for name, (rows, size) in (await moved(connection, context.run)).items():
                    if name in places:
                        context.observer(TableProgress(*places[name], rows, size))
                await asyncio.sleep(EVERY)
