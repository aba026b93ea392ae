"""The pipe: one COPY out of a source, straight into one COPY of the target, with bounded memory.

Bytes pass through unread, in either of COPY's formats. asyncpg hands out whatever the socket held, which is
why it carries them: libpq would hand out row by row.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import asyncpg
from psycopg import sql

from payrollx_db.errors import SourceError
from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.copy_stream import CopyStream
from payrollx_db.postgres.session import Endpoint

# How many bytes may wait between the two ends. Enough to bridge a pause of either server; small
# beside what a process may use, with several pipes at once.
BUFFER = 4 * 1024 * 1024
# One value may be far larger than the buffer. It is cut, so that the writing end never holds a
# second copy of it whole; COPY's stream may be cut anywhere.
PIECE = 512 * 1024
BURST = 0.2  # seconds' worth of bytes that may pass at once after a pause, where there is a rate


CopyFormat = Literal["binary", "text"]


@dataclass(frozen=True)
class Piped:
    """What went through one pipe: rows that the source sent, rows that the target took, bytes."""

    read: int
    written: int
    size: int


@dataclass(frozen=True)
class TableRows:
    """All rows of a plain table as they lie there, these columns of them: sent without a query, which costs less."""

    schema: str
    table: str
    columns: tuple[str, ...]


ONE_MONEY = sql.SQL("SET LOCAL lc_monetary = 'C'")
OWN_MONEY = sql.SQL("SET LOCAL lc_monetary TO DEFAULT")


class RateLimit:
    """A bound on the bytes a second that all pipes together read; what wasn't used is forgotten soon."""

    def __init__(self, bytes_per_second: float) -> None:
        self.speed = bytes_per_second
        self._free = 0.0  # when the bytes that have passed so far are paid for

    async def take(self, size: int) -> None:
        """Wait for as long as ``size`` bytes take."""
        now = asyncio.get_running_loop().time()
        self._free = max(self._free, now - BURST) + size / self.speed
        if self._free > now:
            await asyncio.sleep(self._free - now)


@dataclass
class _Channel:
    """A queue bounded by bytes, not by items, with an end."""

    rate: RateLimit | None = None
    size: int = 0
    waiting: int = 0
    chunks: list[bytes] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    closed: bool = False

    async def put(self, chunk: bytes) -> None:
        if self.rate is not None:
            await self.rate.take(len(chunk))
        async with self.changed:
            # An empty queue takes a chunk of any size: a single huge row must pass too.
            while self.waiting and self.waiting + len(chunk) > BUFFER:
                await self.changed.wait()
            self.chunks.append(chunk)
            self.waiting += len(chunk)
            self.size += len(chunk)
            self.changed.notify_all()

    async def close(self) -> None:
        async with self.changed:
            self.closed = True
            self.changed.notify_all()

    async def pieces(self) -> AsyncIterator[bytes]:
        while True:
            async with self.changed:
                while not self.chunks and not self.closed:
                    await self.changed.wait()
                if not self.chunks:
                    return
                taken, self.chunks = self.chunks, []
                self.waiting = 0
                self.changed.notify_all()
            taken.reverse()
            while taken:
                for piece in _cut(taken.pop()):
                    yield piece


def _cut(chunk: bytes) -> Iterator[bytes]:
    if len(chunk) <= PIECE:
        yield chunk
        return
    view = memoryview(chunk)
    for start in range(0, len(view), PIECE):
        yield bytes(view[start : start + PIECE])


async def pipe(
    reader: "asyncpg.Connection[Any]",
    rows: str | TableRows,
    writer: "asyncpg.Connection[Any]",
    table: tuple[str, str],
    columns: list[str],
    *,
    freeze: bool = False,
    form: CopyFormat = "binary",
    source: Endpoint,
    target: Endpoint,
    rate: RateLimit | None = None,
) -> Piped:
    """Copy ``rows``, the result of a query or a table's, into ``table`` (schema, name), in both sessions' transactions.

    ``form`` is COPY's format at both ends. ``freeze`` is for a table created or truncated in the writer's
    transaction; ``rate`` bounds how fast it reads, together with all other pipes of that limit. Whichever end
    fails, the other is cancelled, and the error is raised in the name of its endpoint.
    """
    channel = _Channel(rate)

    async def read() -> int:
        with source.translating_errors(f"can't read {'.'.join(table)}'s rows"):
            async with _one_money(reader, form):
                if isinstance(rows, str):
                    tag = await reader.copy_from_query(rows, output=channel.put, format=form)
                else:
                    tag = await reader.copy_from_table(
                        rows.table, schema_name=rows.schema, columns=rows.columns, output=channel.put, format=form
                    )
        # Only after the server's own word that all rows are out: a reader that failed must leave
        # the channel open, so that the writer can't mistake the break for the end.
        await channel.close()
        return _count(tag)

    async def write() -> int:
        with target.translating_errors(f"can't write {'.'.join(table)}"):
            async with _one_money(writer, form):
                tag = await writer.copy_to_table(
                    table[1], schema_name=table[0], columns=columns, source=channel.pieces(), format=form, freeze=freeze
                )
        return _count(tag)

    async with _undisturbed(reader, source, ".".join(table)):
        rows_read, rows_written = await together([read(), write()])
    return Piped(rows_read, rows_written, channel.size)


def sending(rows: sql.Composable | TableRows, form: CopyFormat) -> list[sql.Composable]:
    """Return the statements for a `CopyStream` in a transaction by which it sends ``rows``, as `pipe` lets them be."""
    if isinstance(rows, TableRows):
        columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
        rows = sql.SQL("{} ({})").format(sql.Identifier(rows.schema, rows.table), columns)
    else:
        rows = sql.SQL("({})").format(rows)
    copy = sql.SQL("COPY {} TO STDOUT (FORMAT {})").format(rows, sql.SQL(form))
    return [copy] if form == "binary" else [ONE_MONEY, copy, OWN_MONEY]


async def pipe_next(
    stream: CopyStream,
    writer: "asyncpg.Connection[Any]",
    table: tuple[str, str],
    columns: list[str],
    *,
    form: CopyFormat = "binary",
    source: Endpoint,
    target: Endpoint,
    rate: RateLimit | None = None,
) -> Piped:
    """Copy the rows that ``stream`` sends next, by `sending`, as `pipe` does."""
    size = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal size
        with source.translating_errors(f"can't read {'.'.join(table)}'s rows"):
            async for chunk in stream.chunks():
                if rate is not None:
                    await rate.take(len(chunk))
                size += len(chunk)
                yield chunk

    with target.translating_errors(f"can't write {'.'.join(table)}"):
        async with _one_money(writer, form):
            tag = await writer.copy_to_table(
                table[1], schema_name=table[0], columns=columns, source=chunks(), format=form
            )
    return Piped(stream.rows, _count(tag), size)


@asynccontextmanager
async def _undisturbed(reader: "asyncpg.Connection[Any]", source: Endpoint, rows: str) -> AsyncIterator[None]:
    """Raise SourceError where the server sent a message amid the rows: asyncpg drops those that arrived with it.

    Our settings keep all messages away but those of RAISE INFO, and of a function with settings of its own.
    """
    messages: list[object] = []

    def note(_: object, message: object) -> None:
        messages.append(message)

    reader.add_log_listener(note)
    try:
        yield
    except Exception:
        if not messages:
            raise
    finally:
        reader.remove_log_listener(note)
    if messages:
        raise SourceError(
            f"source {source.name} at {source.url.masked}: can't read {rows}'s rows: a function of its database sent a"
            " message amid them, and rows were lost with it",
            hint="take RAISE INFO out of the functions that the table's columns and derive expressions use",
        )


@asynccontextmanager
async def _one_money(connection: "asyncpg.Connection[Any]", form: CopyFormat) -> AsyncIterator[None]:
    """Write and read money in one way at both ends, where it goes over as text: a comma may be a point elsewhere."""
    if form == "binary":
        yield
        return
    alone = not connection.is_in_transaction()
    await connection.execute(f"{'BEGIN READ ONLY; ' if alone else ''}{ONE_MONEY.as_string(None)}")
    yield
    await connection.execute("COMMIT" if alone else OWN_MONEY.as_string(None))


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
