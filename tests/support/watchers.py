"""What is done from outside in the middle of something else, as soon as a condition holds, and not by the clock."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

PATIENCE = 120.0  # seconds for what comes about soon; so many only on a machine that does much else


@contextmanager
def once(condition: Callable[[], bool], does: Callable[[], object]) -> Iterator[None]:
    """While the block runs, look from a thread of its own whether ``condition`` holds; when it does, do it.

    At the latest it is done when the block ends or the condition fails, so that nobody waits for ever.
    """
    ended = threading.Event()

    def watch() -> None:
        try:
            while not (condition() or ended.is_set()):
                ended.wait(0.01)
        finally:
            does()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def eventually(condition: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
    """Return when ``condition`` holds. Fails, naming ``what`` was waited for, where it doesn't come about at all."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} didn't come about")
        time.sleep(0.02)
