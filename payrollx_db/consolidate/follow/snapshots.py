"""Sessions that all read under the snapshots that the target equals, so that what they compare is of one moment."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from psycopg import sql

from payrollx_db.consolidate.follow.follower import Held
from payrollx_db.postgres.session import Connection, Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

# A service's TRUNCATE waits for the pass that is held, and these sessions for it: nobody is to wait for long.
SHORT_WAIT = sql.SQL("SET LOCAL lock_timeout = '500ms'")


class SnapshotPool(SessionPool):
    """A pool whose psycopg sessions with some databases are each in a transaction with a snapshot of others.

    ``exported`` has the name of the snapshot for each of these endpoints. With ``readers``, the sessions that hold the
    snapshots are lent themselves, to one after the other: they have locked all tables before, so who wants one alone
    waits for them, and they for nobody.
    """

    def __init__(self, exported: Mapping[Endpoint, str], readers: Mapping[Endpoint, Connection] | None = None) -> None:
        super().__init__()
        self._exported = exported
        self._readers = {endpoint: (reader, asyncio.Lock()) for endpoint, reader in (readers or {}).items()}

    @asynccontextmanager
    async def session(self, endpoint: Endpoint, *, fresh: bool = False) -> AsyncIterator[Connection]:
        """Lend a session, as `SessionPool.session` does, in a transaction that ends with the block."""
        if endpoint in self._readers:
            reader, turn = self._readers[endpoint]
            async with turn, reader.transaction():  # within the one that is open: an error leaves that as it is
                yield reader
            return
        async with super().session(endpoint, fresh=fresh) as connection:
            if (name := self._exported.get(endpoint)) is None:
                yield connection
                return
            with endpoint.translating_errors("can't read under the pass's snapshot"):
                await run(connection, sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                await run(connection, sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(name)))
                await run(connection, SHORT_WAIT)
            yield connection
            await run(connection, sql.SQL("COMMIT"))


async def export(held: Held) -> str:
    """Let other sessions read under the snapshot of a pass that is held; return its name. Raises psycopg's errors."""
    await run(held.reader, sql.SQL("RELEASE SAVEPOINT payrollx_read"))  # a snapshot isn't exported from within one
    ((name,),) = await run(held.reader, sql.SQL("SELECT pg_catalog.pg_export_snapshot()"))
    return str(name)
