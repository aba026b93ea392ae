"""Following ends by itself where somebody asks for the run's lock, to move the services: the other side of the request.

It listens in a session of its own: that of the run is in transactions of others, and so are those of the passes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import handovers
from payrollx_db.consolidate.state.handovers import Request
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import Notice, Observer
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.session import session

INTERVAL = 0.2  # seconds between two looks at whether somebody asks
PAUSE = 1.0  # seconds until the next try where the session is lost; the passes meet that too, and say so


@dataclass
class HandingOver:
    """Whether the lock is handed over, and to whom."""

    to: Request | None = None


@asynccontextmanager
async def handing_over(of: RunSession, stop: asyncio.Event, observer: Observer) -> AsyncIterator[HandingOver]:
    """Offer the run's lock while the block lasts; where somebody asks for it, agree, and set ``stop``."""
    result = HandingOver()
    listening = asyncio.create_task(_listen(of, stop, observer, result))
    try:
        yield result
    finally:
        listening.cancel()
        await asyncio.wait([listening])


async def _listen(of: RunSession, stop: asyncio.Event, observer: Observer, result: HandingOver) -> None:
    while result.to is None:
        try:
            result.to = await _agreed(of)
        except (*DRIVER_ERRORS, PayrollxError):
            await asyncio.sleep(PAUSE)
    observer(Notice(f"{result.to} asks for the target: following ends here, and hands it over"))
    stop.set()


async def _agreed(of: RunSession) -> Request:
    """Offer the lock, wait until somebody asks for it, and record that it is about to be free. Returns who asks."""
    async with session(of.endpoint) as connection:
        await handovers.offer(connection, of.lock_pid)
        while True:
            if (asks := await handovers.request(connection, of.lock_pid)) is not None:
                await handovers.agree(connection, of.lock_pid)
                return asks
            await asyncio.sleep(INTERVAL)
