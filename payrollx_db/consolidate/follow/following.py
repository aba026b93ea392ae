"""Several followers side by side in one event loop, each of which comes back when a server had gone."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from payrollx_db.consolidate.follow.follower import Follower, Passed
from payrollx_db.errors import LockLostError, PayrollxError
from payrollx_db.model.events import Followed, Notice, Observer
from payrollx_db.postgres.concurrency import is_set
from payrollx_db.postgres.replication.errors import SlotBusyError
from payrollx_db.postgres.sqlstates import LOCK_NOT_AVAILABLE, QUERY_CANCELED

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before the next try; the last one from then on
TELL = 1.0  # seconds between two words on how far it is


@dataclass
class Teller:
    """Tells an observer of passes, a second's worth at a time."""

    database: str
    observer: Observer
    total: Followed = field(init=False)
    _sum: Followed = field(init=False)
    _told: float = 0.0

    def __post_init__(self) -> None:
        self.total = self._sum = Followed(self.database, 0, 0, 0, 0, 0, 0.0, 0)

    def passed(self, passed: Passed, backlog: int) -> None:
        """Take note of a pass."""
        self.total, self._sum = (_plus(sum_, passed, backlog) for sum_ in (self.total, self._sum))
        if time.monotonic() - self._told > TELL:
            self.tell()

    def tell(self) -> None:
        """Tell what there is to tell."""
        if self._sum.keys or self._sum.commits:
            self.observer(self._sum)
        self._sum = Followed(self.database, 0, 0, 0, 0, 0, 0.0, 0)
        self._told = time.monotonic()


async def follow_all(
    followers: Sequence[Follower], stop: asyncio.Event, observer: Observer, *, once: bool = False
) -> tuple[list[Followed], list[PayrollxError]]:
    """Follow until ``stop`` is set, or with ``once`` until all is in that was committed before.

    A flow that can't go on is told of and left, and the others go on; where none can, it ends. Returns what was done,
    and the errors of flows that were left. Raises LockLostError.
    """
    tellers = [Teller(follower.flow.name, observer) for follower in followers]
    left: list[PayrollxError] = []

    async def one(follower: Follower, teller: Teller) -> None:
        try:
            await _keep_following(follower, teller, stop, observer, once=once)
        except LockLostError:
            raise
        except PayrollxError as error:
            left.append(error)
            if len(followers) > 1:
                observer(Notice(f"{follower.flow.name} is not followed any more: {error.message}"))
        finally:
            teller.tell()
            await follower.close()

    every = list(zip(followers, tellers, strict=True))
    due = every
    while due:
        async with asyncio.TaskGroup() as group:
            for follower, teller in due:
                group.create_task(one(follower, teller))
        # What one of them has brought may be what rows of another have waited for.
        due = [(f, teller) for f, teller in every if once and f.is_awaited and not left]
    return [teller.total for teller in tellers], left


async def _keep_following(
    follower: Follower, teller: Teller, stop: asyncio.Event, observer: Observer, *, once: bool
) -> None:
    tries = 0

    def passed(result: Passed) -> None:
        nonlocal tries
        tries = 0
        teller.passed(result, follower.backlog)

    while True:
        try:
            await follower.connect()
            if once:
                await catch_up(follower, passed)
            else:
                await follower.run(stop, passed)
        except PayrollxError as error:
            if not may_pass(error) or (once and tries >= len(PAUSES)):
                raise
            await follower.close()
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            tries += 1
            observer(Notice(f"{follower.flow.name}: {error.message}; tried again in {pause:.1f} s"))
        else:
            return
        if await is_set(stop, pause):
            return


async def catch_up(follower: Follower, passed: Callable[[Passed], None]) -> Passed:
    """Do passes until all is in that was committed before, and let it be durable; return the last."""
    result = await follower.one_pass(barrier=True)
    passed(result)
    while result.partial or follower.is_awaited:
        result = await follower.one_pass(barrier=True)
        passed(result)
    await follower.finish()
    return result


def may_pass(error: PayrollxError) -> bool:
    """Tell whether the same may go well a moment later."""
    if isinstance(error, LockLostError):
        return False
    return error.transient or isinstance(error, SlotBusyError) or error.sqlstate in (LOCK_NOT_AVAILABLE, QUERY_CANCELED)


def _plus(one: Followed, passed: Passed, backlog: int) -> Followed:
    return replace(
        one,
        passes=one.passes + 1,
        commits=one.commits + passed.commits,
        keys=one.keys + passed.keys,
        written=one.written + passed.written,
        deleted=one.deleted + passed.deleted,
        lag=max(one.lag, passed.lag),
        backlog=backlog,
    )
