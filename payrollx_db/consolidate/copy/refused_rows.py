"""Which row the target refuses, where the refusal itself doesn't say: halves of the table are copied, and undone.

A trigger that raises an error for some rows, and a row that is too wide for a page, are known to the server alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.plan.mapping import ROW, TablePlan
from payrollx_db.errors import FindingsError, PayrollxError, SourceError, TargetError
from payrollx_db.postgres.session import run

OF_SINGLE_ROWS = ("54", "P0", "38", "39")  # states that a single row may have caused, and that name none
LARGEST = 1 << 30  # bytes of a table whose rows are copied once more to find one
MOST_KEYS = 10_000

Attempt = Callable[[sql.Composable], Awaitable[None]]  # copies the rows that a condition is true of


@dataclass(frozen=True)
class RefusedRow:
    """Looks for one row of ``table`` with which the target answers ``state``, by ``attempt``, as often as it takes.

    ``attempt`` copies in the transaction of ``writer``, which has to be given up afterwards.
    """

    context: RunContext
    table: TablePlan
    state: str
    writer: Any
    attempt: Attempt

    async def name(self) -> str | None:
        """Return the row's key, or its place where it has none; ``None`` where no single row is refused."""
        if self.table.source.size > LARGEST:
            return None
        try:
            if await self._refuses(sql.SQL("false")):
                return None  # whatever the row
            rows = await (self._on_page() if self.table.source.kind == "r" else self._with_keys())
            left = await self._half(rows, self._among) if rows else None
        except (SourceError, TargetError, FindingsError, asyncpg.PostgresError):
            return None  # another problem: what the copy has met is what counts
        return left[0][1] or f"ctid {left[0][0]}" if left else None

    async def _on_page(self) -> list[tuple[str, str | None]]:
        """Return place and key of the rows of one page that holds a row that is refused."""
        size = sql.SQL("SELECT pg_catalog.pg_relation_size({}::oid) / pg_catalog.current_setting('block_size')::bigint")
        ((count,),) = await self._ask(size.format(sql.Literal(self.table.source.oid)))
        pages = await self._half(range(count), self._between)
        if not pages:
            return []
        rows = sql.SQL("SELECT {row}.ctid::text, {key} FROM {source} WHERE {some} AND {kept}")
        return await self._ask(
            rows.format(
                row=sql.Identifier(ROW), key=self.table.source_key or sql.SQL("NULL::text"),
                source=self.table.from_clause, some=self._between(pages), kept=self.table.kept,
            )
        )  # fmt: skip

    async def _with_keys(self) -> list[tuple[str, str | None]]:
        """Return the keys of the rows of what isn't a table of its own pages; none where they are many."""
        if self.table.source_key is None:
            return []
        rows = sql.SQL("SELECT ''::text, {} FROM {} WHERE {} ORDER BY 2 LIMIT {}")
        found = await self._ask(
            rows.format(self.table.source_key, self.table.from_clause, self.table.kept, sql.Literal(MOST_KEYS + 1))
        )
        return found if len(found) <= MOST_KEYS else []

    async def _half(self, things: Sequence[Any], condition: Callable[[Any], sql.Composable]) -> Sequence[Any] | None:
        """Return the one of ``things`` that is refused alone, in a sequence; ``None`` where none of them is."""
        while len(things) > 1:
            middle = len(things) // 2
            halves = (things[:middle], things[middle:])
            refused = [half for half in halves[:1] if await self._refuses(condition(half))]
            things = (refused or [half for half in halves[1:] if await self._refuses(condition(half))] or [()])[0]
        return things if things and await self._refuses(condition(things)) else None

    async def _refuses(self, condition: sql.Composable) -> bool:
        await self.writer.execute("SAVEPOINT payrollx_attempt")
        try:
            await self.attempt(condition)
        except PayrollxError as error:
            if error.sqlstate != self.state:
                raise
            return True
        finally:
            await self.writer.execute("ROLLBACK TO SAVEPOINT payrollx_attempt")
        return False

    def _between(self, pages: Sequence[int]) -> sql.Composable:
        ctid = sql.SQL("{}.ctid").format(sql.Identifier(ROW))
        first, after = (pages[0], pages[-1] + 1) if pages else (0, 0)
        return sql.SQL("{ctid} >= {first}::tid AND {ctid} < {after}::tid").format(
            ctid=ctid, first=sql.Literal(f"({first},0)"), after=sql.Literal(f"({after},0)")
        )

    def _among(self, rows: Sequence[tuple[str, str | None]]) -> sql.Composable:
        places, keys = [place for place, _ in rows], [key for _, key in rows if key is not None]
        if self.table.source.kind != "r":
            return self.table.among(keys)
        return sql.SQL("{}.ctid = ANY ({}::tid[])").format(sql.Identifier(ROW), sql.Literal(places))

    async def _ask(self, query: sql.Composable) -> list[Any]:
        source = self.context.sources[self.table.database]
        async with self.context.sessions.session(source) as connection:
            with source.translating_errors(f"can't read {self.table.source.full_name}"):
                return await run(connection, query)
