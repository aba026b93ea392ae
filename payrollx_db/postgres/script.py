"""Scripts: several statements in one round trip, COPY in both directions among them, their rows passing through unread.

A statement by itself costs a round trip, and that more than the work of a small one. So they are sent together, and
their results read as they come. What a COPY sends is handed on block by block, so that memory stays bounded: who reads
slowly makes the server wait.
"""

from collections.abc import AsyncIterable, AsyncIterator, Generator, Sequence
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

from payrollx_db.postgres.session import Connection, render_sql

BLOCK = 256 * 1024  # bytes of a COPY that are handed on at once
Row = tuple[str | None, ...]


class Script:
    """Statements that are under way in one session. Use it with ``async with``; read the results in their order.

    Where a statement fails, those behind it aren't run, and psycopg's error is raised; ``done`` says how many results
    had been read before. Results that nobody has read are read at the end of the block. No statement may be empty.
    """

    def __init__(self, connection: Connection, statements: Sequence[sql.Composable]) -> None:
        self.connection = connection
        self.done = self.copied = 0
        self.answer: Row = ()
        self._text = b";\n".join(render_sql(statement).encode() for statement in statements)
        self._count = len(statements)
        self._copying = False

    async def __aenter__(self) -> Self:
        await self.connection.lock.acquire()
        try:
            self._pgconn.send_query(self._text)
            await self._wait(_flush(self._pgconn))
        except BaseException:
            self.connection.lock.release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self.skip(self._count)
                await self._drain()
            elif isinstance(error, Exception) and not self.connection.closed:
                await self._break_off()
        finally:
            self.connection.lock.release()

    async def rows(self) -> list[Row]:
        """Return the rows of the next statement; none where it has none."""
        result = await self._next()
        count = range(result.nfields)
        return [tuple(_text(result, row, column) for column in count) for row in range(result.ntuples)]

    async def skip(self, until: int) -> None:
        """Read results until that many have been read."""
        while self.done < until:
            await self._next()

    async def blocks(self) -> AsyncIterator[bytes]:
        """Yield what the next statement, a COPY TO STDOUT, sends; ``copied`` then says how many rows these were.

        They end only with the server's own word that all rows are out: an error in their midst is raised here.
        """
        await self._next(ExecStatus.COPY_OUT)
        self._copying = True
        while self._copying:
            block, self._copying = await self._wait(_read(self._pgconn))
            if block:
                yield block
        self.copied = await self.count()

    async def feed(self, blocks: AsyncIterable[bytes]) -> int:
        """Send ``blocks`` to the next statement, a COPY FROM STDIN; return how many rows it took."""
        await self._next(ExecStatus.COPY_IN)
        self._copying = True
        async for block in blocks:
            await self._wait(_write(self._pgconn, block))
        self._pgconn.put_copy_end()
        await self._wait(_flush(self._pgconn))
        self._copying = False
        return await self.count()

    async def count(self) -> int:
        """Return how many rows the next statement concerned; ``answer`` then is the first of those that it returned."""
        result = await self._next()
        self.answer = tuple(_text(result, 0, column) for column in range(result.nfields)) if result.ntuples else ()
        return result.command_tuples or 0

    @property
    def _pgconn(self) -> PGconn:
        return self.connection.pgconn

    async def _next(self, expected: ExecStatus | None = None) -> PGresult:
        result: PGresult | None = await self._wait(_fetch(self._pgconn))
        if result is None:
            raise psycopg.InterfaceError("the script has no further results")
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result)
        if expected is not None and result.status != expected:
            raise psycopg.InterfaceError(f"the next result is {ExecStatus(result.status).name}, not {expected.name}")
        if expected is None:
            self.done += 1
        return result

    async def _break_off(self) -> None:
        """After an error, whoever's it is, leave the session without anything under way."""
        if self._copying and self._pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
            try:
                self._pgconn.put_copy_end(b"the other side failed")  # harmless where the COPY goes the other way
                await self._wait(_flush(self._pgconn))
            except psycopg.Error:
                pass
        try:
            await self._drain()
        except psycopg.Error:
            await self.connection.close()

    async def _drain(self) -> None:
        while (result := await self._wait(_fetch(self._pgconn))) is not None:
            more = result.status == ExecStatus.COPY_OUT
            while more:
                _, more = await self._wait(_read(self._pgconn))
            if result.status == ExecStatus.COPY_IN:
                self._pgconn.put_copy_end(b"the other side failed")
                await self._wait(_flush(self._pgconn))

    async def _wait(self, generator: Generator[Any, Any, Any]) -> Any:
        """Do what the generator does; most often it has nothing to wait for, and then nothing is set up for that."""
        try:
            first = next(generator)
        except StopIteration as ended:
            return ended.value
        return await self.connection.wait(_resumed(first, generator))


async def run_script(connection: Connection, statements: Sequence[sql.Composable]) -> list[list[Row]]:
    """Run statements that are no COPY in one round trip; return the rows of each. Raises psycopg's errors."""
    async with Script(connection, statements) as script:
        return [await script.rows() for _ in statements]


def as_text(statement: sql.Composable) -> sql.SQL:
    """Return a statement as text, which costs little to send again and again. It is ours, not data."""
    return sql.SQL(render_sql(statement))


def _text(result: PGresult, row: int, column: int) -> str | None:
    value = result.get_value(row, column)
    return None if value is None else value.decode()


def _resumed(first: Any, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Go on with a generator whose first word was taken from it."""
    ready = yield first
    while True:
        try:
            word = generator.send(ready)
        except StopIteration as ended:
            return ended.value
        ready = yield word


def _flush(pgconn: PGconn) -> Generator[Any, Any, None]:
    while pgconn.flush() != 0:
        yield Wait.RW
        pgconn.consume_input()  # the server may have to get rid of something before it reads on


def _fetch(pgconn: PGconn) -> Generator[Any, Any, PGresult | None]:
    while pgconn.is_busy():
        yield Wait.R
        pgconn.consume_input()
    return pgconn.get_result()


def _read(pgconn: PGconn) -> Generator[Any, Any, tuple[bytes, bool]]:
    """Return the next block of a COPY TO STDOUT, and whether there is more."""
    parts: list[bytes] = []
    size = 0
    get = pgconn.get_copy_data
    while size < BLOCK:
        length, data = get(1)
        if length > 0:
            parts.append(bytes(data))
            size += length
        elif length == 0:
            if parts:
                break
            yield Wait.R
            pgconn.consume_input()
        else:
            return b"".join(parts), False
    return b"".join(parts), True


def _write(pgconn: PGconn, block: bytes) -> Generator[Any, Any, None]:
    view = memoryview(block)
    for start in range(0, len(view), BLOCK):
        while pgconn.put_copy_data(view[start : start + BLOCK]) == 0:
            yield Wait.W
            pgconn.flush()
        yield from _flush(pgconn)
