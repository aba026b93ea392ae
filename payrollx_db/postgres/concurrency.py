"""Several coroutines at once, with the first real error instead of a group of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

DATABASES_AT_ONCE = 4  # of which catalogs are read at the same time: it waits for servers more than it works

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run all of ``work`` at once and return the results in order.

    The first to fail cancels the rest, and its own exception is raised, not an ExceptionGroup.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in work]
    except BaseExceptionGroup as errors:
        raise first_of(errors) from None
    return [task.result() for task in tasks]


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


def first_of(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, or of the group in it."""
    first = errors.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
