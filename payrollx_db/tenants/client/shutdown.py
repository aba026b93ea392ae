"""Closing everything when the process is told to end."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from payrollx_db.tenants.client.tenants import CLOSING, Tenants

Handler = Callable[[int, FrameType | None], Any]


def close_on_signals(tenants: Tenants, *signals: signal.Signals, timeout: float = 2 * CLOSING) -> None:
    """Close ``tenants`` within ``timeout`` seconds when SIGTERM or SIGINT comes, and then do what was done before.

    For the main thread. A web server that has a shutdown of its own calls ``tenants.close()`` there instead, or
    ``await tenants.async_close()``.
    """
    for number in signals or (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _closing(tenants, timeout, signal.getsignal(number)))


# -- private ------------------------------------------------------------------------------------------


def _closing(tenants: Tenants, timeout: float, before: Any) -> Handler:
    def handle(number: int, frame: FrameType | None) -> None:
        # On a thread of its own: the one that the signal has interrupted may hold a lock that closing needs.
        thread = threading.Thread(target=tenants.close, args=(timeout,), daemon=True)
        thread.start()
        thread.join(timeout)
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    return handle
