"""An event loop whose clock goes only when all of its tasks sleep: what lasts an hour is over at once, and exactly."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class SkippingClock(asyncio.SelectorEventLoop):
    """A loop for tasks that only sleep; ``time()`` begins at 0, and each sleep puts it forward."""

    def __init__(self) -> None:
        super().__init__(_Skipping(self._skip))
        self._now = 0.0

    def _skip(self, seconds: float) -> None:
        self._now += seconds

    def time(self) -> float:
        """Return the seconds that were slept."""
        return self._now


class _Skipping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    def __init__(self, skip: Callable[[float], None]) -> None:
        super().__init__()
        self._skip = skip

    def select(self, timeout: float | None = None) -> Any:
        if timeout:
            self._skip(timeout)
        return super().select(0 if timeout else timeout)
