"""Several coroutines at once, with the first real error instead of a group of them."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

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


def first_of(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, or of the group in it."""
    first = errors.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
