"""The run's lock: one run at a time writes a target, even where the session that holds the lock is lost.

An advisory lock ends with its session, and the run's other sessions don't notice. So whoever writes goes
through a gate first: it takes a second lock, shared, for its transaction, and then looks whether the
run's own session still holds the first. A new run that has got the first waits at the gate, alone, until
all that were inside are out. Who comes later finds the holder changed. So no two runs ever write at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import sql
from psycopg.pq import TransactionStatus

from payrollx_db.consolidate.state import store
from payrollx_db.errors import LockLostError, StateConflictError
from payrollx_db.postgres.concurrency import first_of
from payrollx_db.postgres.errors import DRIVER_ERRORS, sqlstate
from payrollx_db.postgres.session import Connection, Endpoint, has_news, render_sql, session, set_application_name
from payrollx_db.postgres.sqlstates import LOCK_NOT_AVAILABLE

LOCK = (store.LOCK_CLASS, store.LOCK_OBJECT)
WRITE_GATE = (store.LOCK_CLASS + 1, store.LOCK_OBJECT)
WATCH = 1.0  # seconds between two looks at whether the lock's session is alive

TRY = "SELECT pg_catalog.pg_try_advisory_lock(%s, %s)"
WAIT_AT_GATE = "SELECT pg_catalog.pg_advisory_lock(%s, %s), pg_catalog.pg_advisory_unlock(%s, %s)"
ENTER = sql.SQL("SELECT pg_catalog.pg_advisory_xact_lock_shared({}, {})").format(*WRITE_GATE)
IS_HELD = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks AS l
               WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock' AND l.pid = {}
                 AND (l.classid, l.objid) = ({}::oid, {}::oid)
                 AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                                   WHERE d.datname = pg_catalog.current_database()))
"""


@asynccontextmanager
async def exclusive(endpoint: Endpoint) -> AsyncIterator[Connection]:
    """Hold the target for one run at a time, and yield the session that holds it.

    Raises StateConflictError, naming who has it. Where the session is lost, the block is cancelled, and
    LockLostError raised.
    """
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't take the run's lock"):
            await _take(connection, endpoint)
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(_watch(connection, endpoint))
                try:
                    yield connection
                finally:
                    watch.cancel()
        except BaseExceptionGroup as errors:
            raise _named(first_of(errors), connection, endpoint) from None


def is_held(pid: int) -> sql.Composed:
    """Return the question whether session ``pid`` holds the lock. To be asked after `ENTER`, in the transaction."""
    return sql.SQL(IS_HELD).format(pid, *LOCK)


def lost(endpoint: Endpoint) -> LockLostError:
    """Return the error that says that this run must not write any more."""
    failure = LockLostError(
        f"target {endpoint.name}: the session that holds the run's lock is gone, so the run has stopped",
        hint="run the same command again: it resumes the run",
    )
    failure.transient = True
    return failure


async def enter(writer: Any, endpoint: Endpoint, holder: int, label: str) -> None:
    """Go through the gate with an asyncpg session, at the start of a transaction that will write.

    ``holder`` is the server's process id of the session that holds the run's lock, ``label`` what the
    transaction is called in pg_stat_activity. Raises LockLostError.
    """
    await writer.execute(render_sql(sql.SQL("{}; {}").format(ENTER, set_application_name(endpoint, label))))
    if not await writer.fetchval(render_sql(is_held(holder))):
        raise lost(endpoint)


async def enter_by(connection: Connection, endpoint: Endpoint, holder: int, label: str) -> None:
    """Do the same with a psycopg session. Raises LockLostError."""
    said = sql.SQL("{}; {}; {}").format(
        ENTER, set_application_name(endpoint, label), is_held(holder)
    )  # in one round trip
    cursor = await connection.execute(said)
    while cursor.nextset():
        pass
    row = await cursor.fetchone()
    if not (row and row[0]):
        raise lost(endpoint)


async def _take(connection: Connection, endpoint: Endpoint) -> None:
    row = await (await connection.execute(TRY, LOCK)).fetchone()
    if not (row and row[0]):
        raise StateConflictError(
            f"another copy is at work on {endpoint.name}: {await store.holder(connection)}",
            hint="wait for it (payrollx-db status shows how far it is), or end that process",
        )
    try:
        await connection.execute(WAIT_AT_GATE, WRITE_GATE * 2)
    except DRIVER_ERRORS as error:
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            raise
        writer = await store.holder(connection, WRITE_GATE[0])
        raise StateConflictError(
            f"a session of an earlier copy still writes to {endpoint.name}: {writer}",
            hint="it ends when the server notices that its process is gone; or end it by pg_terminate_backend",
        ) from None


async def _watch(connection: Connection, endpoint: Endpoint) -> None:
    """Look at the lock's session from time to time, so that its end is noticed by who doesn't use it."""
    while True:
        await asyncio.sleep(WATCH)
        if connection.lock.locked() or connection.info.transaction_status != TransactionStatus.IDLE:
            if connection.closed:
                raise lost(endpoint)
            continue  # it is at work, and whoever uses it notices; a statement of ours could get into a transaction
        if has_news(connection):
            try:
                await connection.execute("SELECT")
            except DRIVER_ERRORS:
                raise lost(endpoint) from None


def _named(error: BaseException, connection: Connection, endpoint: Endpoint) -> BaseException:
    """Return what is to be raised: an error of the lock's session, once it is closed, is that it is lost."""
    if connection.closed and (isinstance(error, DRIVER_ERRORS) or getattr(error, "transient", False)):
        return lost(endpoint)
    return endpoint.to_error(error, "can't keep the run's records") if isinstance(error, DRIVER_ERRORS) else error
