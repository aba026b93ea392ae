"""What is done from outside in the middle of something else, as soon as a condition holds, and not by the clock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
