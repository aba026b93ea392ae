"""Watches, beside the passes, how far each database is ahead, and lets a slot go before it fills a disk."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow import lag as lags
from payrollx_db.consolidate.follow.lag import Backlog
from payrollx_db.consolidate.run_session import RunSession
from payrollx_db.consolidate.state import flows
from payrollx_db.consolidate.state.lags import Lag, record_lag
from payrollx_db.consolidate.state.lags import lags as recorded_lags
from payrollx_db.errors import LockLostError, PayrollxError
from payrollx_db.model.events import Notice

INTERVAL = 5.0  # seconds between two measurements


class Monitor:
    """Measures what a command follows, records it, and says what needs attention, once for each cause.

    ``backlogs`` returns what the followers know of themselves, by database. ``most`` is how many bytes of log a server
    may keep for us, ``None`` for any. ``wait`` sleeps so many seconds, or less.
    """

    def __init__(
        self,
        context: Context,
        session: RunSession,
        backlogs: Callable[[], Mapping[str, Backlog]],
        most: int | None = None,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._context, self._session = context, session
        self._backlogs, self._most, self._wait = backlogs, most, wait
        self._said: set[tuple[str, str, str]] = set()
        self._last: list[Lag] = []

    async def run(self) -> None:
        """Measure for ever. Raises SlotLostError when a slot was let go, LockLostError when the run's lock is lost."""
        while True:
            await self.look()
            await self._wait(INTERVAL)

    async def look(self) -> list[Lag]:
        """Measure once. Raises as `run`; that the target can't be written meanwhile stops nothing."""
        try:
            known = await flows.flows(self._session.connection)
            self._last = self._last or await recorded_lags(self._session.connection)
        except Exception as error:  # the passes meet it too, and say so
            if isinstance(error, LockLostError):
                raise
            return self._last
        sessions = self._context.sessions
        followed = [flow for flow in known if flow.status == flows.FOLLOWING]
        self._last = await lags.measure_all(sessions, self._context.endpoints, followed, self._last, self._backlogs())
        await self._record()
        for finding in lags.findings(followed, self._last, at_work=True):
            mark = (finding.code, finding.severity, finding.place)
            if mark not in self._said:
                self._said.add(mark)
                self._context.observer(Notice(f"{finding.place}: {finding.message} ({finding.remedy})"))
        for flow in followed:
            for lag in self._last:
                if (lag.database, lag.direction) == (flow.database, flow.direction) and lags.exceeds(lag, self._most):
                    await self._let_go(flow, lag)
        return self._last

    async def _record(self) -> None:
        try:
            async with self._session.transaction() as connection:
                for lag in self._last:
                    await record_lag(connection, lag)
        except LockLostError:
            raise
        except PayrollxError:
            return

    async def _let_go(self, flow: flows.FlowState, lag: Lag) -> None:
        async with self._session.transaction() as connection:
            await flows.set_status(connection, (flow.database, flow.direction), flows.LOST)
        endpoint = self._context.endpoints[flow.database if flow.direction == "forward" else "target"]
        raise await lags.let_go(self._context.sessions, endpoint, flow, lag)
