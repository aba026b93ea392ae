"""Retrying: what a lost connection has interrupted is redone whole, a few times, with growing pauses."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from payrollx_db.errors import LockLostError, PayrollxError
from payrollx_db.model.events import Notice, Observer

TRIES = 6
FIRST_PAUSE = 1.5  # seconds, doubled each time: with the jitter, six tries span about a minute
JITTER = 1.0  # seconds at most, so that those that were interrupted together don't come back together

T = TypeVar("T")


async def retry_transient(work: Callable[[], Awaitable[T]], what: str, observer: Observer) -> T:
    """Do ``work``, which can be redone whole, and do it again where a connection was lost; return its result.

    ``what`` names it for the notices. Raises what the last try raised; at once, what trying again won't help.
    """
    return await _trying(work, what, observer, lambda error: isinstance(error, PayrollxError) and error.transient)


async def resume_after_lock_loss(work: Callable[[], Awaitable[T]], observer: Observer) -> T:
    """Do ``work``, a whole run, and take it up again where the session was lost that holds the run's lock.

    The first contact isn't tried again: a wrong host or a missing database is reported at once.
    """
    begun = False

    def worth_it(error: BaseException) -> bool:
        nonlocal begun
        begun = begun or isinstance(error, LockLostError)
        return begun and isinstance(error, PayrollxError) and error.transient

    return await _trying(work, "the run", observer, worth_it)


async def _trying(
    work: Callable[[], Awaitable[T]], what: str, observer: Observer, worth_it: Callable[[BaseException], bool]
) -> T:
    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        message = error.message if isinstance(error, PayrollxError) else type(error).__name__
        pause = state.next_action.sleep if state.next_action else 0.0
        again = f"again in {pause:.0f} s (try {state.attempt_number + 1} of {TRIES})"
        observer(Notice(f"{message}; {what} is tried {again}"))

    retrying = AsyncRetrying(
        retry=retry_if_exception(worth_it),
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential(multiplier=FIRST_PAUSE) + wait_random(0, JITTER),
        before_sleep=tell,
        reraise=True,
    )

    async def attempt() -> T:
        return await work()

    return await retrying(attempt)
