"""Reading ahead: while one thing is worked with, the next ones are opened, in threads."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Event
from typing import TypeVar

T = TypeVar("T")
Opened = tuple[T, ExitStack]
AHEAD = 2  # beside the one that is worked with


@contextmanager
def reading_ahead(
    reads: Sequence[Callable[[], AbstractContextManager[T]]], given_up: Event
) -> Iterator[Iterator[AbstractContextManager[T]]]:
    """Open ``reads`` in their order, some ahead; yield for each what is entered to have it, and left to close it.

    What one raises is raised where it is entered. At the end, or where all of it is ``given_up``, which is then set,
    those that were opened and not asked for are closed.
    """
    running: deque[Future[Opened[T]]] = deque()
    with ThreadPoolExecutor(AHEAD, thread_name_prefix="reading-ahead") as pool:
        try:
            yield _each(pool, reads, running)
        finally:
            given_up.set()
            for future in running:
                future.cancel()
            for future in running:
                if not future.cancelled() and future.exception() is None:
                    future.result()[1].close()


def _each(
    pool: ThreadPoolExecutor, reads: Sequence[Callable[[], AbstractContextManager[T]]],
    running: "deque[Future[Opened[T]]]",
) -> Iterator[AbstractContextManager[T]]:  # fmt: skip
    for place in range(len(reads)):
        while len(running) <= AHEAD and place + len(running) < len(reads):
            running.append(pool.submit(_open, reads[place + len(running)]))
        yield _first(running)


def _open(read: Callable[[], AbstractContextManager[T]]) -> Opened[T]:
    stack = ExitStack()
    return stack.enter_context(read()), stack


@contextmanager
def _first(running: "deque[Future[Opened[T]]]") -> Iterator[T]:
    try:
        opened, stack = running[0].result()  # an interruption leaves it with those to be closed
    except Exception:
        running.popleft()  # the next ones may go well
        raise
    running.popleft()
    with stack:
        yield opened
