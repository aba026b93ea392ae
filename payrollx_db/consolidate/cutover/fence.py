"""The fence: writers of several databases wait, all at once or none, until their gates are closed or it is lifted.

In each database one transaction locks the tables (SHARE ROW EXCLUSIVE: readers go on, writers wait and don't fail) and
the sequences that they take numbers from. It asks with a short timeout, and where one database doesn't give its locks
in time, all of them are let go, so that no writer waits for somebody else's long transaction; then it tries again. All
of it takes less time than the server's deadlock_timeout, so no client is ever the victim of a deadlock with us.

The locks end with our transactions. If this process is killed, the server rolls them back and the writers go on; if it
hangs, its sessions are idle for longer than their lease, which the server then ends, and our commit fails. Only
`Fence.commit_gates` makes the stop last: in the same transactions it closes the gates, and it commits them all or opens
again those that it has closed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from payrollx_db.consolidate.cutover.blockers import Blocker, blockers, end
from payrollx_db.consolidate.cutover.posts import Fenced, NotToBeHadError, Post, relations
from payrollx_db.errors import FenceError, PayrollxError
from payrollx_db.model.events import Notice, Observer, ignore_events
from payrollx_db.postgres.concurrency import first_of, together
from payrollx_db.postgres.session import Connection, session

SHORT_TRANSACTIONS = 3  # attempts in which the wait for the locks grows to its full length


@dataclass(frozen=True)
class Patience:
    """How long a fence waits: seconds for the locks of one attempt, attempts, the pause between two of them, and the
    lease after which the server ends our sessions where they say nothing.
    """

    locks: float = 0.7
    attempts: int = 10
    pause: float = 0.3
    lease: float = 2.0


USUAL = Patience()


@dataclass
class Fence:
    """A fence that stands. ``since`` is when its first lock was asked for (`time.monotonic`).

    ``attempts`` is how many it took, ``ended`` are the sessions that were ended for it.
    """

    _posts: Sequence[Post]
    since: float
    _beats: "list[asyncio.Task[None]]" = field(default_factory=list)
    attempts: int = 1
    ended: list[Blocker] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long writers have waited by now."""
        return time.monotonic() - self.since

    def connection(self, name: str) -> Connection:
        """Return the session that holds the locks of one database, in its transaction."""
        return next(post.connection for post in self._posts if post.fenced.name == name)

    async def shapes(self) -> dict[str, str]:
        """Return a fingerprint of the tables and columns of each database, behind the locks."""
        shapes = await asyncio.gather(*(post.shape() for post in self._posts))
        return {post.fenced.name: shape for post, shape in zip(self._posts, shapes, strict=True)}

    async def commit_gates(
        self, before: Coroutine[Any, Any, None] | None = None, look: Callable[[dict[str, str]], None] = lambda _: None
    ) -> None:
        """Close all gates, in the transactions that hold the locks, and commit them: who waited is then refused.

        What has to be done ``before`` the commits is done while the gates are being closed. Then ``look`` is given what
        `shapes` returns, of that moment. Raises what they raise; FenceLostError, SourceError or TargetError where a
        gate can't be closed; then those that were are open again, as far as their servers answer. Once the commits have
        begun, nothing interrupts them.
        """
        shapes = together([post.close() for post in self._posts])
        known, *_ = await together([shapes, *([before] if before is not None else [])])
        look({post.fenced.name: shape for post, shape in zip(self._posts, known or (), strict=True)})
        self.end_beats()
        committing = asyncio.ensure_future(self._commit())
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            await asyncio.wait([committing])
            raise

    async def reopen(self) -> list[str]:
        """Open the gates that this fence has closed; return the databases where that failed."""
        return [name for name in await asyncio.gather(*(post.reopen() for post in self._posts)) if name]

    def begin_beats(self, group: asyncio.TaskGroup, lease: float) -> None:
        """Keep the leases going from now on, in tasks of ``group``."""
        self._beats = [group.create_task(post.beat(lease)) for post in self._posts]

    def end_beats(self) -> None:
        """Stop that: what comes now takes no time, or the fence is lifted."""
        for beat in self._beats:
            beat.cancel()

    async def _commit(self) -> None:
        results = await asyncio.gather(*(post.commit() for post in self._posts), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if not failures:
            return
        closed = await self.reopen()
        error = failures[0]
        if isinstance(error, PayrollxError) and closed:
            error.details = (*error.details, *(f"{name} may still refuse writes" for name in closed))
        raise error


@asynccontextmanager
async def fenced(
    databases: Sequence[Fenced],
    patience: Patience = USUAL,
    *,
    terminate: bool = False,
    observer: Observer = ignore_events,
) -> AsyncIterator[Fence]:
    """Let the writers of all ``databases`` wait until the end of the block, unless their gates are closed by then.

    ``terminate`` ends the sessions that are in the way after a first attempt in vain. Raises FenceError, naming who is
    in the way, where the locks aren't to be had; SourceError or TargetError; FenceLostError, out of the block, where
    the server has ended a session that holds locks.
    """
    async with AsyncExitStack() as stack:
        # All at once: what services write meanwhile has to be brought over behind the fence.
        posts = await together([Post.open(stack, database) for database in databases])
        try:
            fence = await _take(posts, patience, terminate=terminate, observer=observer)
            async with asyncio.TaskGroup() as group:
                fence.begin_beats(group, patience.lease)
                try:
                    yield fence
                finally:
                    fence.end_beats()
        except BaseExceptionGroup as errors:
            raise first_of(errors) from None
        finally:
            await asyncio.shield(asyncio.gather(*(post.roll_back() for post in posts)))


async def who_blocks(databases: Sequence[Fenced]) -> list[Blocker]:
    """Return who would be in the way of a fence now. Raises SourceError or TargetError."""

    async def of(database: Fenced) -> list[Blocker]:
        async with session(database.endpoint) as connection:
            with database.endpoint.translating_errors("can't read who locks its tables"):
                oids = [oid for oid, _ in await relations(connection, database)]
                return await blockers(connection, database.name, oids)

    return [blocker for each in await asyncio.gather(*map(of, databases)) for blocker in each]


async def _take(posts: Sequence[Post], patience: Patience, *, terminate: bool, observer: Observer) -> Fence:
    """Lock all, or name who is in the way and try again, with longer waits and pauses."""
    ended: list[Blocker] = []
    in_the_way: list[Blocker] = []
    for attempt in range(1, patience.attempts + 1):
        began = time.monotonic()
        waiting = patience.locks * min(1.0, attempt / SHORT_TRANSACTIONS)
        failed = await _attempt(posts, waiting, patience.lease)
        if not failed:
            return Fence(posts, began, attempts=attempt, ended=ended)
        ours = [post.pid for post in posts]
        in_the_way = [blocker for post in failed for blocker in await post.blockers(ours)]
        if attempt < patience.attempts:
            tried = f"attempt {attempt} of {patience.attempts}"
            observer(Notice(f"the tables can't be locked yet ({tried}): {_list(in_the_way)}"))
            ended += await _end(failed, in_the_way, observer) if terminate else []
            await asyncio.sleep(patience.pause * min(attempt, SHORT_TRANSACTIONS))
    raise FenceError(
        f"the tables can't be locked: {_list(in_the_way)}",
        details=tuple(map(str, in_the_way)),
        hint=_advice(in_the_way, terminate=terminate),
    )


async def _attempt(posts: Sequence[Post], waiting: float, lease: float) -> list[Post]:
    """Lock the tables of all databases; where one can't, let all go at once, and return those that couldn't.

    Raises SourceError or TargetError.
    """
    tasks = {asyncio.create_task(post.lock(waiting, lease)): post for post in posts}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if len(done) == len(tasks) and not any(task.exception() for task in done):
            return []
    except asyncio.CancelledError:
        await _let_go(tasks)
        raise
    await _let_go(tasks)
    errors = {task: task.exception() for task in tasks if not task.cancelled()}
    for error in errors.values():
        if error is not None and not isinstance(error, NotToBeHadError):
            raise error
    return [tasks[task] for task, error in errors.items() if error]


async def _let_go(tasks: "dict[asyncio.Task[None], Post]") -> None:
    """Stop what still waits for locks, and roll back all transactions, so that everybody goes on."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await asyncio.gather(*(post.roll_back() for post in tasks.values()))


async def _end(failed: Sequence[Post], in_the_way: Sequence[Blocker], observer: Observer) -> list[Blocker]:
    ended = []
    by_name = {post.fenced.name: post for post in failed}
    for blocker in in_the_way:
        post = by_name[blocker.database]
        with post.fenced.endpoint.translating_errors(f"can't end session {blocker.pid}"):
            if await end(post.connection, blocker):
                observer(Notice(f"ended by --terminate: {blocker}"))
                ended.append(blocker)
    return ended


def _list(in_the_way: Sequence[Blocker]) -> str:
    return "; ".join(map(str, in_the_way)) or "somebody who has just let go of them was in the way"


def _advice(in_the_way: Sequence[Blocker], *, terminate: bool) -> str:
    parts = []
    if any(blocker.is_prepared for blocker in in_the_way):
        parts.append("end the prepared transactions by COMMIT PREPARED or ROLLBACK PREPARED")
    if any(blocker.is_client for blocker in in_the_way):
        parts.append("wait for these sessions" + ("" if terminate else ", or let them be ended by --terminate"))
    return f"{'; '.join(parts) or 'run the same command again'}; nothing has changed, and the writers go on"
