"""Watches, beside the passes, how far each database is ahead, and says when a slot has to go before it fills a disk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow import lag as lags
from payrollx_db.consolidate.follow.lag import Backlog
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import flows
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.consolidate.state.lags import Lag, record_lag
from payrollx_db.consolidate.state.lags import lags as recorded_lags
from payrollx_db.errors import LockLostError, PayrollxError
from payrollx_db.model.events import Notice
from payrollx_db.postgres.errors import DRIVER_ERRORS

INTERVAL = 5.0  # seconds between two measurements


class Monitor:
    """Measures what a command follows, records it, and says what needs attention, once for each cause.

    ``backlogs`` returns what the followers know of themselves, by database. ``most`` is how many bytes of log a server
    may keep for us, ``None`` for any.
    """

    def __init__(
        self,
        context: Context,
        session: RunSession,
        backlogs: Callable[[], Mapping[str, Backlog]],
        most: int | None = None,
        interval: float = INTERVAL,
    ) -> None:
        self._context, self._session = context, session
        self._backlogs, self._most, self._interval = backlogs, most, interval
        self._said: set[tuple[str, str, str]] = set()
        self._last: list[Lag] = []

    async def run(self) -> tuple[FlowState, Lag]:
        """Measure until a server keeps more than it may; return which one. Raises LockLostError."""
        while True:
            for flow, lag in await self.look():
                if lags.exceeds(lag, self._most):
                    return flow, lag
            await asyncio.sleep(self._interval)

    async def look(self) -> list[tuple[FlowState, Lag]]:
        """Measure once, record it, and tell what is new. That the target can't be reached meanwhile stops nothing."""
        try:
            known = await flows.flows(self._session.connection)
            self._last = self._last or await recorded_lags(self._session.connection)
        except DRIVER_ERRORS:  # the passes meet it too, and say so
            return []
        followed = [flow for flow in known if flow.status == flows.FOLLOWING]
        endpoints = self._context.endpoints
        self._last = await lags.measure_all(self._context.sessions, endpoints, followed, self._last, self._backlogs())
        await self._record()
        for finding in lags.findings(followed, self._last, at_work=True):
            mark = (finding.code, finding.severity, finding.place)
            if mark not in self._said:
                self._said.add(mark)
                self._context.observer(Notice(f"{finding.place}: {finding.message} ({finding.remedy})"))
        by_flow = {(lag.database, lag.direction): lag for lag in self._last}
        return [(flow, by_flow[key]) for flow in followed if (key := (flow.database, flow.direction)) in by_flow]

    async def let_go(self, flow: FlowState, lag: Lag) -> PayrollxError:
        """Record that a slot is lost, and drop it, now that nobody reads it; return what is to be told."""
        try:
            async with self._session.transaction() as connection:
                await flows.set_status(connection, (flow.database, flow.direction), flows.LOST)
        except (*DRIVER_ERRORS, LockLostError):
            pass  # the disk is what counts now; that the slot is gone is noticed when it is read again
        endpoint = self._context.endpoints[flow.database if flow.direction == "forward" else "target"]
        return await lags.let_go(self._context.sessions, endpoint, flow, lag)

    async def _record(self) -> None:
        try:
            async with self._session.transaction() as connection:
                for lag in self._last:
                    await record_lag(connection, lag)
        except DRIVER_ERRORS:
            return


@asynccontextmanager
async def watched(monitor: Monitor) -> AsyncIterator[None]:
    """Measure while the block runs. It is cancelled where a slot has to go, whose SlotLostError is raised then."""
    block = asyncio.current_task()
    watching = asyncio.create_task(monitor.run())

    def end(task: asyncio.Task[tuple[FlowState, Lag]]) -> None:
        if not task.cancelled() and block is not None:
            block.cancel()

    watching.add_done_callback(end)
    try:
        yield
    except asyncio.CancelledError:
        if not watching.done() or watching.cancelled() or block is None:
            raise
        block.uncancel()
        raise await monitor.let_go(*watching.result()) from None
    finally:
        watching.remove_done_callback(end)
        watching.cancel()
        await asyncio.wait([watching])
