"""Several coroutines at once, with the first real error instead of a group of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

DATABASES_AT_ONCE = 4  # of which catalogs are read at the same time: it waits for servers more than it works

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all of ``work`` at once and return the results in order.

    The first to fail cancels the rest, and its own exception is raised once they have ended, not an ExceptionGroup.
    Where we are cancelled ourselves, we are, whatever fails because of that.
    """
    # No TaskGroup: until Python 3.13 one that has failed leaves its caller cancelled once too often, and Ctrl-C then
    # ends in a traceback of CancelledError; and what fails because of Ctrl-C would be raised in its place.
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    errors: list[BaseException] = []

    def note(task: asyncio.Task[T]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            errors.append(error)

    for task in tasks:
        task.add_done_callback(note)
    if tasks:
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await _end(tasks)
    if errors:
        raise first_of(errors[0])
    return [task.result() for task in tasks]


async def _end(tasks: Sequence[asyncio.Task[T]]) -> None:
    """Cancel those that are still at work, and wait for them, also where somebody cancels us meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        task.cancel()
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def all_of(first: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, object]) -> T:
    """Do all of it at once, each to its end, so that none leaves a session in the midst of something; answer of first.

    Raises what one of them raises.
    """
    answer, *_ = answers = await asyncio.gather(first, *others, return_exceptions=True)
    for each in answers:
        if isinstance(each, BaseException):
            raise each
    return cast("T", answer)


async def limited(work: Iterable[Coroutine[Any, Any, T]], limit: int) -> list[T]:
    """Run all of ``work``, at most ``limit`` at once, and return the results in order."""
    slots = asyncio.Semaphore(limit)
    coroutines = list(work)

    async def one(coroutine: Coroutine[Any, Any, T]) -> T:
        async with slots:
            return await coroutine

    try:
        return await together([one(coroutine) for coroutine in coroutines])
    finally:
        for coroutine in coroutines:  # those whose turn never came
            coroutine.close()


def answer_of(work: Coroutine[Any, Any, T], run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run) -> T:
    """Do ``work`` in a loop of its own, or by ``run``, and return its answer.

    It isn't the result of the task itself: that is written out whole, for nobody, as asyncio takes its handler of
    SIGINT away, and a plan's or a verdict's text takes longer than to make it.
    """
    answers: list[T] = []

    async def answered() -> None:
        answers.append(await work)

    run(answered())
    return answers[0]


def taking_turns(things: Iterable[T], group_of: Callable[[T], Hashable]) -> list[T]:
    """Return ``things`` so that neighbours are of different groups as far as can be, each group's in their order.

    For work of many databases: those that are worked on at once need no second session of one of them.
    """
    seen: Counter[Hashable] = Counter()
    turns: list[tuple[int, T]] = []
    for thing in things:
        group = group_of(thing)
        turns.append((seen[group], thing))
        seen[group] += 1
    return [thing for _, thing in sorted(turns, key=lambda turn: turn[0])]


@asynccontextmanager
async def background(work: Coroutine[Any, Any, T] | None) -> AsyncIterator[asyncio.Task[T] | None]:
    """Do ``work`` while the block runs, which may await what is yielded; it ends with the block at the latest.

    Where it fails, the error is raised at that place only: what the block finds out by itself counts more.
    """
    task = None if work is None else asyncio.create_task(work)
    try:
        yield task
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # seen, so that nobody warns of it


async def is_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait for ``event``, so long at most; tell whether it is set."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def first_of(error: BaseException) -> BaseException:
    """Return the first error of a group, or of the group in it; what is no group, as it is."""
    return first_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
