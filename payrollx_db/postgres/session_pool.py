"""A pool of sessions, of both drivers: those that are done are kept and used again, and all are closed at its end.

A login costs more than most statements here, and a run makes hundreds of them. (A connection pool of psycopg would do
this too, but it reports a refused login as a timeout, and it holds no sessions of asyncpg.)
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import asyncpg
import psycopg

from payrollx_db.errors import SourceError, TargetError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.pooled import AsyncConnection
from payrollx_db.postgres.session import Connection, Endpoint, connect, connect_for_copy, give_up, has_news

# Sessions of one side that wait to be used again, over all its endpoints. The target has its own: were it one number,
# as many sources would leave none for it, and each table would log in there anew.
MOST_IDLE = 40
# So many of one server wait without a question. Beyond them, no more wait than the server has left for others: a small
# one may be that of all sources and of the target.
FEW_IDLE = 8
ASKED_FOR = 5.0  # seconds for which an answer counts
NONE_LEFT = "53300"

queries = query_files.beside(__name__)

T = TypeVar("T")


class SessionPool:
    """The sessions of one command. Use it with ``async with``; at the end of the block all its sessions are closed."""

    def __init__(self) -> None:
        self._idle: dict[tuple[Endpoint, str], list[Any]] = {}
        self._left: dict[Hashable, tuple[float, int]] = {}  # by server: when it was asked, and how many it had left

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
        idle: Connection | None = None if fresh else self._take(endpoint, "psycopg")
        connection = idle if idle is not None else await self._open(endpoint, connect)
        try:
            yield connection
            clean = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            kept = clean and not fresh and await self._keep(endpoint, "psycopg", connection)
        except BaseException:
            await connection.close()
            raise
        if not kept:
            await connection.close()

    @asynccontextmanager
    async def copy_connection(
        self, endpoint: Endpoint, *, fresh: bool = False
    ) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Lend an asyncpg session of ``endpoint``, and drop it at once where the work is cut off.

        ``fresh`` as for `session`. Raises SourceError or TargetError where it can't connect.
        """
        idle: asyncpg.Connection[Any] | None = None if fresh else self._take(endpoint, "asyncpg")
        connection = idle if idle is not None else await self._open(endpoint, connect_for_copy)
        try:
            yield connection
            kept = not fresh and await self._keep(endpoint, "asyncpg", connection)
        except BaseException as error:
            give_up(connection, error)
            raise
        if not kept:
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

    async def _open(self, endpoint: Endpoint, opening: Callable[[Endpoint], Awaitable[T]]) -> T:
        """Open a session; where the server has none left, close those that wait there, and try once more."""
        try:
            return await opening(endpoint)
        except (SourceError, TargetError) as error:
            if error.sqlstate != NONE_LEFT or not await self._close(_server(endpoint)):
                raise
        return await opening(endpoint)

    async def _keep(self, endpoint: Endpoint, driver: str, connection: Any) -> bool:
        """Keep a session for later; false where enough of that side, or of that server, are waiting already.

        None of a pooler's: one in session mode has a session of the server for each, and services wait for those.
        """
        if self._is_full(endpoint.side) or (isinstance(connection, AsyncConnection) and connection.pooler):
            return False
        server = _server(endpoint)
        if self._waiting(server) >= FEW_IDLE:
            left = await self._left_of(server, connection)
            if self._is_full(endpoint.side) or self._waiting(server) >= max(left, FEW_IDLE):  # others came meanwhile
                return False
        self._idle.setdefault((endpoint, driver), []).append(connection)
        return True

    def _is_full(self, side: str) -> bool:
        return sum(len(idle) for (endpoint, _), idle in self._idle.items() if endpoint.side == side) >= MOST_IDLE

    def _waiting(self, server: Hashable) -> int:
        return sum(len(idle) for (endpoint, _), idle in self._idle.items() if _server(endpoint) == server)

    async def _left_of(self, server: Hashable, connection: Any) -> int:
        """Return how many sessions the server of ``connection`` has left; none where it doesn't tell."""
        asked, left = self._left.get(server, (0.0, 0))
        if not asked or time.monotonic() - asked > ASKED_FOR:
            try:
                left = await _ask_left(connection)
            except DRIVER_ERRORS:  # whoever needs it meets what it is
                left = 0
            self._left[server] = (time.monotonic(), left)
        return left

    async def _close(self, server: Hashable = None) -> int:
        """Close the sessions that wait, or those of one server; return how many these were."""
        closed = 0
        for (endpoint, _), idle in list(self._idle.items()):
            while idle and server in (None, _server(endpoint)):
                closed += 1
                await idle.pop().close()
        return closed


@asynccontextmanager
async def shared_or_own(sessions: SessionPool | None) -> AsyncIterator[SessionPool]:
    """Yield these sessions, or where there are none new ones, which are closed at the end of the block."""
    if sessions is not None:
        yield sessions
        return
    async with SessionPool() as own:
        yield own


def _server(endpoint: Endpoint) -> Hashable:
    """Return what is the same for endpoints of one server, as far as is known."""
    identity = endpoint.place.identity if endpoint.place else None
    if identity is not None:
        return (identity.system, identity.started)
    return tuple(endpoint.url.params.get(name) for name in ("host", "hostaddr", "port"))


async def _ask_left(connection: Any) -> int:
    query = queries.load("sessions_left")
    if isinstance(connection, AsyncConnection):
        ((left,),) = await (await connection.execute(query)).fetchall()
    else:
        left = await connection.fetchval(query)
    return int(left)


def _is_dead(connection: Any) -> bool:
    return has_news(connection) if isinstance(connection, AsyncConnection) else bool(connection.is_closed())
