"""The session of a run, and the gate that each of its transactions passes before it writes.

The run's lock is held by a session that does nothing else (see `state.lock`). It ends with that session, and the run's
others don't notice. So whoever writes passes a gate first: it locks the lock's table, in a mode that many may have at
once, for its transaction, and then asks whether the lock is still held. A new run that has got the lock waits until all
that had passed the gate are done, and who comes later finds that another session holds it. So no two runs ever write at
once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psycopg
from psycopg import sql

from payrollx_db.errors import LockLostError
from payrollx_db.postgres import locks
from payrollx_db.postgres.session import Connection, Endpoint, render_sql, run_together, set_application_name

IDLE = psycopg.pq.TransactionStatus.IDLE
# Fails where the lock isn't held, so that the server runs nothing that comes behind it.
IF_HELD = "SELECT 1 / (CASE WHEN ({}) THEN 1 ELSE 0 END)"


@dataclass(frozen=True)
class RunSession:
    """The session in which a run reads and records, while another one, ``lock_pid``, holds its lock.

    ``connection`` only reads: the server refuses it to write outside of `transaction`.
    """

    connection: Connection
    endpoint: Endpoint
    lock_pid: int
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that writes, one at a time, and yield the connection. Raises LockLostError."""
        async with self._turn, self.connection.transaction():
            await pass_write_gate(self.connection, self.endpoint, self.lock_pid, "run", writable=True)
            yield self.connection

    async def commit(self, statements: Sequence[sql.Composable]) -> None:
        """Run statements whose answers don't count in a transaction that writes, all of it in one round trip.

        For when somebody waits for it. Raises LockLostError; then none of them has done anything.
        """
        begin, commit = sql.SQL("BEGIN READ WRITE"), sql.SQL("COMMIT")
        async with self._turn:
            try:
                await write_behind_gate(
                    self.connection, self.endpoint, self.lock_pid, "run", [*statements, commit], begin=[begin]
                )
            finally:
                if not self.connection.closed and self.connection.info.transaction_status != IDLE:
                    await self.connection.execute("ROLLBACK")


async def write_behind_gate(
    connection: Connection,
    endpoint: Endpoint,
    lock_pid: int,
    label: str,
    statements: Sequence[sql.Composable],
    *,
    begin: Sequence[sql.Composable] = (),
) -> None:
    """Pass the gate as `pass_write_gate`, and run ``statements`` behind it, in one round trip; ``begin`` before it.

    Raises LockLostError, with the transaction failed.
    """
    enter = [locks.RUN.statement(locks.PASS), set_application_name(endpoint, label)]
    held = sql.SQL(IF_HELD).format(locks.RUN.is_held(lock_pid))
    try:
        await run_together(connection, [*begin, *enter, held, *statements])
    except psycopg.errors.DivisionByZero:
        raise lock_lost(endpoint) from None


async def pass_write_gate(
    connection: "Connection | asyncpg.Connection[Any]",
    endpoint: Endpoint,
    lock_pid: int,
    label: str,
    *,
    writable: bool = False,
) -> None:
    """Pass the gate at the start of a transaction that will write.

    ``lock_pid`` is the server's process id of the session that holds the run's lock, ``label`` what the transaction
    is called in pg_stat_activity; with ``writable`` it may write, though the session's others may not. Raises
    LockLostError.
    """
    parts = [sql.SQL("SET TRANSACTION READ WRITE")] if writable else []
    enter = sql.SQL("; ").join([*parts, locks.RUN.statement(locks.PASS), set_application_name(endpoint, label)])
    is_held = locks.RUN.is_held(lock_pid)
    if isinstance(connection, asyncpg.Connection):
        await connection.execute(render_sql(enter))
        held = await connection.fetchval(render_sql(is_held))
    else:
        cursor = await connection.execute(sql.SQL("{}; {}").format(enter, is_held))  # in one round trip
        while cursor.nextset():
            pass
        ((held,),) = await cursor.fetchall()
    if not held:
        raise lock_lost(endpoint)


def lock_lost(endpoint: Endpoint) -> LockLostError:
    """Return the error that says that this run must not write any more."""
    failure = LockLostError(
        f"target {endpoint.name}: the session that holds the run's lock is gone, so the run has stopped",
        hint="run the same command again: it resumes the run",
    )
    failure.transient = True
    return failure
