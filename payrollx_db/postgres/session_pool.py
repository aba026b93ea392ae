"""A pool of sessions, of both drivers: those that are done are kept and used again, and all are closed at its end.

A login costs more than most statements here, and a run makes hundreds of them. (A connection pool of psycopg would do
this too, but it reports a refused login as a timeout, and it holds no sessions of asyncpg.)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import asyncpg
import psycopg

from payrollx_db.postgres.pooled import AsyncConnection
from payrollx_db.postgres.session import Connection, Endpoint, connect, connect_for_copy, give_up, has_news

# Sessions of one side that wait to be used again, over all its endpoints. The target has its own: were it one number,
# as many sources would leave none for it, and each table would log in there anew.
MOST_IDLE = 40


class SessionPool:
    """The sessions of one command. Use it with ``async with``; at the end of the block all its sessions are closed."""

    def __init__(self) -> None:
        self._idle: dict[tuple[Endpoint, str], list[Any]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all sessions that aren't lent."""
        await asyncio.shield(self._close())

    @asynccontextmanager
    async def session(self, endpoint: Endpoint, *, fresh: bool = False) -> AsyncIterator[Connection]:
        """Lend a psycopg session of ``endpoint``, in autocommit mode.

        ``fresh`` is for sessions that hold something (a lock, temporary tables) and must end with the
        block. Raises SourceError or TargetError where it can't connect.
        """
        idle = None if fresh else self._take(endpoint, "psycopg")
        connection: Connection = idle or await connect(endpoint)
        try:
            yield connection
        except BaseException:
            await connection.close()
            raise
        clean = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if fresh or not (clean and self._keep(endpoint, "psycopg", connection)):
            await connection.close()

    @asynccontextmanager
    async def copy_connection(
        self, endpoint: Endpoint, *, fresh: bool = False
    ) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Lend an asyncpg session of ``endpoint``, and drop it at once where the work is cut off.

        ``fresh`` as for `session`. Raises SourceError or TargetError where it can't connect.
        """
        idle = None if fresh else self._take(endpoint, "asyncpg")
        connection = idle or await connect_for_copy(endpoint)
        try:
            yield connection
        except BaseException as error:
            give_up(connection, error)
            raise
        if fresh or not self._keep(endpoint, "asyncpg", connection):
            await connection.close()

    def _take(self, endpoint: Endpoint, driver: str) -> Any:
        """Return a session that is alive, as far as can be seen from here, or ``None``."""
        idle = self._idle.get((endpoint, driver), [])
        while idle:
            connection = idle.pop()
            if not _is_dead(connection):
                return connection
            if isinstance(connection, AsyncConnection):
                connection.pgconn.finish()
        return None

    def _keep(self, endpoint: Endpoint, driver: str, connection: Any) -> bool:
        """Keep a session for later; false where enough of that side are waiting already."""
        if sum(len(idle) for (other, _), idle in self._idle.items() if other.side == endpoint.side) >= MOST_IDLE:
            return False
        self._idle.setdefault((endpoint, driver), []).append(connection)
        return True

    async def _close(self) -> None:
        for idle in self._idle.values():
            while idle:
                await idle.pop().close()


@asynccontextmanager
async def shared_or_own(sessions: SessionPool | None) -> AsyncIterator[SessionPool]:
    """Yield these sessions, or where there are none new ones, which are closed at the end of the block."""
    if sessions is not None:
        yield sessions
        return
    async with SessionPool() as own:
        yield own


def _is_dead(connection: Any) -> bool:
    return has_news(connection) if isinstance(connection, AsyncConnection) else bool(connection.is_closed())
