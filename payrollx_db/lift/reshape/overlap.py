"""How many values of one column are among those of another, in whatever databases the two are.

Both are sorted by their servers, and merged here as they come, so that memory stays the same however many there are.
Of many, only the values whose hash falls into one of so many buckets are looked at, the same ones on both sides.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.errors import SourceError
from payrollx_db.lift.reshape.scans import NO_LIMIT, time_limit
from payrollx_db.postgres.introspect import Column, Table
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.sqlstates import QUERY_CANCELED

WHOLE = 200_000  # rows of a side that are compared whole; of more, a sample of the values
NARROW = 100  # bytes of a row, where the server doesn't know yet how many there are
SAMPLED_MORE = 256  # times as few values, where that takes too long

# What is sorted and compared is a hash of the value's UTF-8: so it is the same order on servers of any encoding, and no
# value leaves its server.
QUERY = """
COPY (SELECT h.hash, pg_catalog.count(*)
      FROM (SELECT pg_catalog.sha256(pg_catalog.textsend({value})) AS hash FROM {table} AS s
            WHERE {column} IS NOT NULL OFFSET 0) AS h
      WHERE {sample} GROUP BY h.hash ORDER BY h.hash) TO STDOUT
"""
SAMPLED = (
    "((pg_catalog.get_byte(h.hash, 0) << 16) + (pg_catalog.get_byte(h.hash, 1) << 8)"
    " + pg_catalog.get_byte(h.hash, 2)) & {} = 0"
)


@dataclass(frozen=True)
class End:
    """One column of a table in some database."""

    endpoint: Endpoint
    table: Table
    column: Column

    @property
    def is_uuid(self) -> bool:
        """Whether its type is uuid."""
        return self.column.type.name == "uuid"


@dataclass(frozen=True)
class Overlap:
    """Of the child's rows with a value, how many have one that the parent has; ``buckets`` above 1: of a sample."""

    rows: int
    matched: int
    values: int
    matched_values: int
    buckets: int

    @property
    def orphans(self) -> int:
        """The rows whose value the parent lacks."""
        return self.rows - self.matched

    @property
    def percent(self) -> float:
        """How many of the rows have a parent."""
        return 100.0 * self.matched / self.rows if self.rows else 0.0

    @property
    def seen(self) -> str:
        """What was looked at, in words."""
        return f"{self.rows:,} rows" + (f" (one value in {self.buckets})" if self.buckets > 1 else "")


async def compare(sessions: SessionPool, child: End, parent: End, seconds: float) -> Overlap | None:
    """Compare the values of ``child`` with those of ``parent``. Raises SourceError where one can't be read.

    ``None`` where either takes longer than ``seconds`` to sort, even a small sample of it.
    """
    buckets, most = 1, max(_rows_about(child.table), _rows_about(parent.table))
    while most > WHOLE * buckets:
        buckets *= 2
    for sample in (buckets, buckets * SAMPLED_MORE):
        try:
            return await _compare(sessions, child, parent, sample, seconds)
        except SourceError as error:
            if error.sqlstate != QUERY_CANCELED:
                raise
    return None


def _rows_about(table: Table) -> int:
    return table.rows or table.size // NARROW


async def _compare(sessions: SessionPool, child: End, parent: End, buckets: int, seconds: float) -> Overlap:
    fold = child.is_uuid or parent.is_uuid
    async with AsyncExitStack() as stack:
        children = await stack.enter_async_context(_values(sessions, child, buckets, seconds, fold=fold))
        parents = await stack.enter_async_context(_values(sessions, parent, buckets, seconds, fold=fold))
        return await _merge(children, parents, buckets)


async def _merge(
    children: AsyncIterator[tuple[bytes, int]], parents: AsyncIterator[tuple[bytes, int]], buckets: int
) -> Overlap:
    rows = matched = values = matched_values = 0
    parent = await anext(parents, None)
    async for value, count in children:
        while parent is not None and parent[0] < value:
            parent = await anext(parents, None)
        rows, values = rows + count, values + 1
        if parent is not None and parent[0] == value:
            matched, matched_values = matched + count, matched_values + 1
    return Overlap(rows, matched, values, matched_values, buckets)


@asynccontextmanager
async def _values(
    sessions: SessionPool, end: End, buckets: int, seconds: float, *, fold: bool
) -> AsyncIterator[AsyncIterator[tuple[bytes, int]]]:
    """Give the values of a column in the order of their bytes, each with its rows, as they come."""
    async with sessions.session(end.endpoint) as connection:
        with end.endpoint.translating_errors(f"can't read {end.table.full_name}"):
            async with connection.transaction():
                await connection.execute(time_limit(seconds))
                async with connection.cursor() as cursor, cursor.copy(_query(end, buckets, fold=fold)) as copy:
                    async with aclosing(_rows(copy)) as rows:
                        yield rows
                    await _drain(copy)
                await connection.execute(NO_LIMIT)


async def _rows(copy: Any) -> AsyncGenerator[tuple[bytes, int], None]:
    pending = b""
    async for block in copy:
        *lines, pending = (pending + bytes(block)).split(b"\n")
        for line in lines:
            value, _, count = line.rpartition(b"\t")
            yield value, int(count)


async def _drain(copy: Any) -> None:
    async for _ in copy:
        pass


def _query(end: End, buckets: int, *, fold: bool) -> sql.Composed:
    column = sql.Identifier("s", end.column.name)
    only = sql.SQL("" if end.table.kind == "p" else "ONLY ")
    return sql.SQL(QUERY).format(
        value=sql.SQL("pg_catalog.lower({}::text)" if fold else "{}::text").format(column),
        table=sql.SQL("{}{}").format(only, end.table.identifier),
        column=column,
        sample=sql.SQL(SAMPLED).format(sql.Literal(buckets - 1)) if buckets > 1 else sql.SQL("true"),
    )
