"""Ctrl-C, and SIGTERM, while something is followed: it ends after the pass that is under way, and says how it goes on.

The second one ends it at once, as does the first before anything is followed: nothing is lost by that either, for what
a pass hasn't stored, the next call does again.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from payrollx_db import signals
from payrollx_db.errors import PayrollxError
from payrollx_db.model.events import Event, Notice, Observer, StageStarted

if TYPE_CHECKING:
    from payrollx_db.consolidate.online import FollowReport

GRACE = 10.0  # seconds in which a pass may end
Follow = Callable[[Observer, asyncio.Event], Coroutine[Any, Any, "FollowReport"]]


class FollowInterruptedError(PayrollxError):
    """Following was interrupted. Nothing is lost; the log is kept by the servers from there on."""

    exit_code: ClassVar[int] = signals.INTERRUPTED

    def __init__(self, report: "FollowReport | None") -> None:
        flows = report.flows if report is not None else ()
        super().__init__(
            "interrupted: what passes have brought over is in; payrollx-db follow goes on from there",
            details=tuple(f"{flow.database}: its log is in up to {flow.place}" for flow in flows if flow.place),
            hint="until then their servers keep the log for the slots, and their disks fill: payrollx-db status shows"
            " how much it is; payrollx-db follow --drop ends it",
        )


class Interruption:
    """What one call of `follow` does about signals, as long as it runs."""

    def __init__(self, observer: Observer, *, once: bool = False) -> None:
        self.came = False
        self._observer = observer
        self._ends_in_order = not once
        self._follows = False
        self._stop = asyncio.Event()

    def run(self, follow: Follow) -> "FollowReport | None":
        """Run ``follow``; return its report, nothing where it was ended in the midst of something."""
        try:
            return asyncio.run(self._guarding(follow))
        except asyncio.CancelledError:
            return None
        except PayrollxError as error:
            if self.came and error.transient:  # a server was away, and isn't waited for any more
                return None
            raise

    async def _guarding(self, follow: Follow) -> "FollowReport":
        loop = asyncio.get_running_loop()
        kinds = [kind for kind in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(kind) is not signal.SIG_IGN]
        with suppress(NotImplementedError):  # where there are no signals to speak of, Ctrl-C ends it at once
            for kind in kinds:
                loop.add_signal_handler(kind, self._interrupt, asyncio.current_task())
        return await follow(self._observe, self._stop)

    def _observe(self, event: Event) -> None:
        if isinstance(event, StageStarted) and event.stage == "follow":
            self._follows = True
            if self.came:  # and whatever it met has swallowed it
                self._stop.set()
        self._observer(event)

    def _interrupt(self, task: "asyncio.Task[Any] | None") -> None:
        if task is None:
            return
        if self.came or not (self._follows and self._ends_in_order):
            task.cancel()
        else:
            self._observer(Notice("it ends after the pass that is under way; another Ctrl-C ends it at once"))
            asyncio.get_running_loop().call_later(GRACE, task.cancel)
            self._stop.set()
        self.came = True
