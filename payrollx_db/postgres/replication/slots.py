"""Slots: the server's promise to keep the log from a position on. A slot that nobody reads fills the disk."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg import sql

from payrollx_db.errors import PayrollxError, StateConflictError
from payrollx_db.postgres import errors, query_files, sqlstates
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.replication.connection import lsn_text, to_error
from payrollx_db.postgres.replication.errors import RESYNC, SlotBusyError, SlotLostError
from payrollx_db.postgres.session import Connection, Endpoint, connect, run, session

queries = query_files.beside(__name__)

PLUGIN = "pgoutput"
DUPLICATE = "42710"
PAUSE = 0.1
# To make and to drop a slot is the login's right, which isn't inherited: not that of a role that the session acts as.
AS_LOGIN = "SET LOCAL ROLE NONE"
CREATE = """
SELECT pg_catalog.pg_wal_lsn_diff(s.lsn, '0/0')::bigint
FROM pg_catalog.pg_create_logical_replication_slot({}, {}) AS s
"""
DROP = """
SELECT pg_catalog.pg_drop_replication_slot(s.slot_name) FROM pg_catalog.pg_replication_slots AS s
WHERE s.slot_name OPERATOR(pg_catalog.=) {}
"""


@dataclass(frozen=True)
class SlotState:
    """How one slot stands. Positions are LSNs as numbers, ``None`` where the server has none for it."""

    name: str
    plugin: str | None
    database: str | None
    is_here: bool
    """It is of the database of the session that asked."""
    active: bool
    active_pid: int | None
    restart: int | None
    confirmed: int | None
    current: int
    """The end of the server's log."""
    wal_status: str | None
    """reserved, extended, unreserved or lost"""
    safe_wal_size: int | None
    """How many bytes may still be written before it is lost; ``None`` without a limit."""
    invalidation_reason: str | None

    @property
    def retained(self) -> int:
        """How many bytes of log the server keeps for it."""
        return self.current - self.restart if self.restart is not None else 0

    @property
    def lag(self) -> int:
        """How many bytes lie between what is confirmed and the end."""
        return self.current - self.confirmed if self.confirmed is not None else 0

    @property
    def is_lost(self) -> bool:
        """Tell whether it can't give all that it promised any more."""
        return self.wal_status == "lost" or self.restart is None or bool(self.invalidation_reason)


async def create_slot(endpoint: Endpoint, name: str, *, patience: float = 60) -> int:
    """Make a slot for pgoutput and return the LSN from which it gives every commit.

    The server waits for all transactions that run at this moment, in any of its databases, that have written. Make the
    publication first: what was written before there was one can't be decoded. Raises SourceError, or TargetError, that
    names what is waited for where that takes longer than ``patience`` seconds, and StateConflictError where there is a
    slot of that name. Nothing of it is left then, nor where the task is cancelled.
    """
    connection = await connect(endpoint)
    creating = asyncio.ensure_future(_create(connection, name))
    try:
        done, _ = await asyncio.wait([creating], timeout=patience)
        waited_for = [] if done else await _waited_for(endpoint, connection.info.backend_pid)
        if not done:
            await connection.cancel_safe(timeout=patience)
        return await creating
    except DRIVER_ERRORS as error:
        raise _not_created(endpoint, name, error, waited_for) from errors.cause(error)
    finally:
        if not creating.done():  # we are cancelled ourselves: psycopg lets the server give up the statement
            creating.cancel()
            with suppress(asyncio.CancelledError, *DRIVER_ERRORS):
                await creating
        await connection.close()


async def drop_slot(connection: Connection, name: str, *, patience: float = 10) -> bool:
    """Drop a slot; false where there is none. A session that reads from it gets so many seconds to end.

    Raises SlotBusyError where it doesn't, and psycopg's errors.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        try:
            async with connection.transaction():
                await connection.execute(AS_LOGIN)
                return bool(await run(connection, sql.SQL(DROP).format(sql.Literal(name))))
        except psycopg.errors.UndefinedObject:  # somebody else has just dropped it
            return False
        except psycopg.errors.ObjectInUse as error:
            if loop.time() > deadline:
                state = await slot_state(connection, name)
                raise busy(name, state.active_pid if state else None) from errors.cause(error)
        await asyncio.sleep(PAUSE)


async def slot_state(connection: Connection, name: str) -> SlotState | None:
    """Return how a slot stands, ``None`` where there is none. Raises psycopg's errors.

    A session for replication can ask, too.
    """
    rows = await run(connection, sql.SQL(queries.load("slot")).format(name=sql.Literal(name)))
    return SlotState(*rows[0]) if rows else None


def refuse_unfit(state: SlotState | None, slot: str, at: int) -> None:
    """Raise StateConflictError where a slot can't give what was committed from ``at`` on."""
    if state is None:
        raise SlotLostError(
            f"slot {slot} is not there any more: what changed since then can't be read from the log", hint=RESYNC
        )
    if not state.is_here or state.plugin != PLUGIN:
        raise StateConflictError(
            f"slot {slot} is one of database {state.database} with the plugin {state.plugin}, and none of ours",
            hint="see who made it; another name for ours comes with another target",
        )
    if state.is_lost:
        reason = state.invalidation_reason or "the log that it needs is removed"
        raise SlotLostError(f"slot {slot} is invalidated ({reason}): changes are lost", hint=RESYNC)
    if state.confirmed is not None and state.confirmed > at:
        raise SlotLostError(
            f"slot {slot} has been read up to {lsn_text(state.confirmed)}, and the other side is at {lsn_text(at)}:"
            " what lies between can't be read again",
            hint=RESYNC,
        )


def busy(slot: str, pid: int | None) -> SlotBusyError:
    """Return the error that somebody else reads from a slot."""
    return SlotBusyError(
        f"slot {slot} is read by session {pid or 'that the server does not name'}",
        hint="end the other reader of it; one that was cut off is noticed within wal_sender_timeout",
    )


async def _create(connection: Connection, name: str) -> int:
    async with connection.transaction():
        await connection.execute(AS_LOGIN)
        # How long to wait is ours to say, and not a lock's.
        await connection.execute("SELECT pg_catalog.set_config('lock_timeout', '0', true)")
        ((lsn,),) = await run(connection, sql.SQL(CREATE).format(sql.Literal(name), sql.Literal(PLUGIN)))
    return int(lsn)


async def _waited_for(endpoint: Endpoint, pid: int) -> list[str]:
    with suppress(*DRIVER_ERRORS, PayrollxError):  # the error to report is that it took too long
        async with session(endpoint) as connection:
            return [_named(*row) for row in await run(connection, sql.SQL(queries.load("waited_for")).format(pid=pid))]
    return []


def _named(
    pid: int | None,
    application: str,
    login: str | None,
    database: str | None,
    state: str | None,
    since: object,
    gid: str,
) -> str:
    if pid is None:
        return f"the prepared transaction {gid!r} of database {database}, since {since:%Y-%m-%d %H:%M:%S}"
    who = f"session {pid} ({application or login}) of database {database}"
    return f"{who}, {state}, in a transaction since {since:%Y-%m-%d %H:%M:%S}" if since else who


def _not_created(endpoint: Endpoint, name: str, error: BaseException, waited_for: list[str]) -> PayrollxError:
    state = errors.sqlstate(error)
    if state == DUPLICATE:
        return StateConflictError(f"slot {name} is there already", hint="drop it, if nobody reads from it")
    problem = to_error(endpoint, error, f"can't make slot {name}")
    if state == sqlstates.QUERY_CANCELED:
        problem.message = f"{endpoint.side} {endpoint.name} at {endpoint.url.masked}: slot {name} isn't made in time"
        problem.hint = "the server waits for every transaction that has written: let these end, or end their sessions"
        problem.details = tuple(waited_for)
        problem.transient = True
    return problem
