"""The run's lock: one run at a time works on a target.

The lock is a table's (see `postgres.locks`), held by the open transaction of a session that does nothing else.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from payrollx_db.consolidate.run_session import RunSession, lock_lost
from payrollx_db.consolidate.state import handovers, runs
from payrollx_db.consolidate.state.handovers import Offer
from payrollx_db.errors import StateConflictError
from payrollx_db.model.events import Notice, Observer
from payrollx_db.postgres import locks
from payrollx_db.postgres.concurrency import first_of
from payrollx_db.postgres.connect import pooler_error
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.session import Connection, Endpoint, has_news, session
from payrollx_db.postgres.steps import perform_async

FOLLOW = "follow"  # what the lock's session is doing, as its name has it
WATCH = 1.0  # seconds between two looks at whether the lock's session is alive
ANSWER = 5.0  # seconds in which a follower answers who asks it to hand over; one that hangs doesn't
PASS_ENDS = 30.0  # seconds in which one that has agreed ends its last pass
ASK_AGAIN = 0.05  # seconds between two tries meanwhile


@dataclass(frozen=True)
class TakesOver:
    """Who may ask a follower to hand the lock over: for which command, and who hears of it."""

    action: str
    observer: Observer


MAY_BEGIN = (
    "grant the role CREATE on the database, where a run makes its schema payrollx_meta, or use the tables' owner"
)


@asynccontextmanager
async def exclusive(
    endpoint: Endpoint, doing: str = "", *, takes_over: TakesOver | None = None
) -> AsyncIterator[RunSession]:
    """Hold the target for one run at a time, and yield the session to work in.

    ``doing`` is how the lock's session is called, so that who is refused hears what keeps it out. Where ``follow`` of
    this machine keeps it out, who ``takes_over`` asks it to end. Raises StateConflictError, naming who holds it, and
    PooledError. Where one of the two sessions is lost, the block is cancelled, and LockLostError raised.
    """
    async with session(_named_after(endpoint, doing)) as guard, session(endpoint) as connection:
        if guard.pooler:
            raise pooler_error(endpoint.url, "the run's lock needs a session of its own", where=guard.pooler)
        with endpoint.translating_errors("can't take the run's lock", right=MAY_BEGIN):
            await _acquire(guard, connection, endpoint, takes_over)
            lock_pid = await _backend_pid(guard)
            await connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(_watch(guard, endpoint))
                try:
                    yield RunSession(connection, endpoint, lock_pid)
                finally:
                    watch.cancel()
        except BaseExceptionGroup as errors:
            raise _named(first_of(errors), (guard, connection), endpoint) from None
        finally:
            with suppress(*DRIVER_ERRORS):  # at once, not when the server notices that the session has ended
                await guard.execute("ROLLBACK")


async def lock_holder(connection: Connection) -> str:
    """Name the session that holds the run's lock, with the run that it works on; nothing where nobody holds it."""
    async with connection.transaction():
        return await perform_async(connection, locks.name_holders(locks.RUN))


def _named_after(endpoint: Endpoint, doing: str) -> Endpoint:
    name = f"{endpoint.application_name} {doing}" if doing else endpoint.application_name
    return replace(endpoint, application_name=name)


async def _acquire(guard: Connection, connection: Connection, endpoint: Endpoint, takes_over: TakesOver | None) -> None:
    holder = await perform_async(guard, locks.acquire(locks.RUN))
    follows = f"{endpoint.application_name} {FOLLOW}" in holder
    offer = await handovers.offered(connection) if holder else None
    if follows and offer is None and takes_over is not None:
        holder, offer = await _await_offer(guard, connection)
    if holder and offer is not None and offer.is_here and takes_over is not None:
        holder, offer = await _take_over(guard, connection, offer, takes_over)
    if holder and (offer is not None or follows):
        raise _following(endpoint, holder, offer, takes_over)
    if holder:
        raise StateConflictError(
            f"another copy is at work on {endpoint.name}: {await _run_of(guard)}{holder}",
            hint="wait for it (payrollx-db status shows how far it is), or end that process",
        )
    if writer := await perform_async(guard, locks.wait_for_gate(locks.RUN)):
        raise StateConflictError(
            f"a session of an earlier copy still writes to {endpoint.name}: {writer}",
            hint="it ends when the server notices that its process is gone; or end it by pg_terminate_backend",
        )


async def _await_offer(guard: Connection, connection: Connection) -> tuple[str, Offer | None]:
    """Give a follower that has just begun time to offer the lock; return its holder, nobody where it is taken then."""
    asked = time.monotonic()
    while True:
        holder = await perform_async(guard, locks.acquire(locks.RUN))
        offer = await handovers.offered(connection) if holder else None
        if not holder or offer is not None or time.monotonic() - asked > ANSWER:
            return holder, offer
        await asyncio.sleep(ASK_AGAIN)


async def _take_over(
    guard: Connection, connection: Connection, offer: Offer, takes_over: TakesOver
) -> tuple[str, Offer | None]:
    """Ask who follows to hand the lock over, and take it then.

    Returns nothing, or who holds it still, and whether that would hand it over and has agreed to.
    """
    takes_over.observer(Notice(f"payrollx-db follow (process {offer.process}) is asked to hand over"))
    asked, known = time.monotonic(), offer
    async with handovers.asking(connection, offer, takes_over.action, ANSWER):
        while True:
            holder = await perform_async(guard, locks.acquire(locks.RUN))
            if not holder:
                return "", None
            now = await handovers.offered(connection)
            if now is not None and now.lock_pid != offer.lock_pid:
                return holder, None  # another one has come first
            known = now or known
            if time.monotonic() - asked > (PASS_ENDS if known.agreed else ANSWER):
                return holder, known
            await asyncio.sleep(ASK_AGAIN)


def _following(
    endpoint: Endpoint, holder: str, offer: Offer | None, takes_over: TakesOver | None
) -> StateConflictError:
    message = f"payrollx-db follow is at work on {endpoint.name}: {holder}"
    if offer is None or takes_over is None:
        hint = (
            "end it with Ctrl-C: a cutover, a rollback and verify --online do the last passes themselves,"
            " and it goes on afterwards where it was"
        )
    elif not offer.is_here:
        hint = f"end it there with Ctrl-C: process {offer.process} on {offer.host}; it isn't asked to from elsewhere"
    elif offer.agreed:
        hint = f"process {offer.process} was asked to hand over, and ends after its pass: try again then"
    else:
        hint = f"it was asked to hand over, and doesn't answer: end process {offer.process}, and try again"
    return StateConflictError(message, hint=hint)


async def _run_of(connection: Connection) -> str:
    newest = next((run for run in await runs.runs(connection) if run.status == "running"), None)
    return f"run {newest.id}, process {newest.process} on {newest.host}, " if newest else ""


async def _backend_pid(connection: Connection) -> int:
    # Of the server's process, whatever stands between: a pooler makes up the number that libpq is told.
    cursor = await connection.execute("SELECT pg_catalog.pg_backend_pid()")
    ((pid,),) = await cursor.fetchall()
    return int(pid)


async def _watch(guard: Connection, endpoint: Endpoint) -> None:
    """Look at the lock's session from time to time, which nobody uses, so that its end is noticed."""
    while True:
        await asyncio.sleep(WATCH)
        if guard.closed:
            raise lock_lost(endpoint)
        if has_news(guard):
            try:
                await guard.execute("SELECT")
            except DRIVER_ERRORS:
                raise lock_lost(endpoint) from None


def _named(error: BaseException, connections: tuple[Connection, ...], endpoint: Endpoint) -> BaseException:
    """Return what is to be raised: where a session of the lock is closed, an error of it is that it is lost."""
    closed = any(connection.closed for connection in connections)
    if closed and (isinstance(error, DRIVER_ERRORS) or getattr(error, "transient", False)):
        return lock_lost(endpoint)
    return endpoint.to_error(error, "can't keep the run's records") if isinstance(error, DRIVER_ERRORS) else error
