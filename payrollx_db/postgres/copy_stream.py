"""Rows out of a session of psycopg: the statements that copy several small tables go there in one round trip.

A login of asyncpg costs more than the rows of such tables. libpq hands these out one at a time, which costs the more
the larger a table is (see `copy_pipe`).
"""

from collections.abc import AsyncIterator, Sequence

from psycopg import generators, sql
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

from payrollx_db.postgres.session import Connection

CHUNK = 256 * 1024  # bytes of rows that are handed out at once


class CopyStream:
    """What the server answers to statements that were sent together, read in their order.

    The session is busy until `end`; where that isn't reached, it has to be closed. Every method raises psycopg's
    errors.
    """

    def __init__(self, connection: Connection, statements: Sequence[sql.Composable]) -> None:
        """Send ``statements``, each of which may be a COPY TO STDOUT."""
        self._connection = connection
        self.rows = 0  # that the last COPY has sent
        connection.pgconn.send_query(sql.SQL("; ").join(statements).as_bytes(connection))

    async def value(self) -> str:
        """Return the first value of the next answer that has rows, as text."""
        while (result := await self._answer()).status != ExecStatus.TUPLES_OK:
            pass
        return (result.get_value(0, 0) or b"").decode()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the rows of the next COPY; then ``rows`` is how many these were."""
        while (await self._answer()).status != ExecStatus.COPY_OUT:
            pass
        pgconn, ended = self._connection.pgconn, False
        while not ended:
            chunk, ended = _arrived(pgconn)
            if chunk:
                yield chunk
            elif not ended:
                await self._connection.wait(_reading(pgconn))
        self.rows = (await self._answer()).command_tuples or 0

    async def end(self) -> None:
        """Read what is left of the answers."""
        while await self._result() is not None:
            pass

    async def _answer(self) -> PGresult:
        result = await self._result()
        if result is None:
            raise AssertionError("more answers were asked for than there are statements")
        return result

    async def _result(self) -> PGresult | None:
        pgconn = self._connection.pgconn
        result = await self._connection.wait(_next_result(pgconn))
        if result is not None and result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result, encoding=self._connection.info.encoding)
        return result


def _arrived(pgconn: PGconn) -> tuple[bytes, bool]:
    """Return the rows that are here already, and whether that was the last of them."""
    rows: list[memoryview] = []
    size = 0
    while size < CHUNK:
        length, row = pgconn.get_copy_data(1)
        if length <= 0:
            return b"".join(rows), length < 0
        rows.append(row)
        size += length
    return b"".join(rows), False


def _reading(pgconn: PGconn) -> PQGen[None]:
    while not (yield Wait.R):
        pass
    pgconn.consume_input()


def _next_result(pgconn: PGconn) -> PQGen[PGresult | None]:
    yield from generators.send(pgconn)
    result: PGresult | None = yield from generators.fetch(pgconn)
    return result
