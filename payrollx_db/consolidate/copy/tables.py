"""Rows from here to there: one part of a table at a time, each under one snapshot of its source.

A part's rows, and the record that they are there, are committed together (law 6). A part that was
cut off is redone whole, so it begins by emptying its table.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy import rows
from payrollx_db.consolidate.copy.refused_rows import OF_SINGLE_ROWS, RefusedRow
from payrollx_db.consolidate.plan.destination import Destination, condition
from payrollx_db.consolidate.plan.mapping import ROW, TablePlan
from payrollx_db.consolidate.quarantine import legacy_rows
from payrollx_db.consolidate.run_session import pass_write_gate
from payrollx_db.consolidate.state import accounts, parts, quarantine
from payrollx_db.errors import PayrollxError, SourceError
from payrollx_db.model.events import TableFinished, TableStarted
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.concurrency import together
from payrollx_db.postgres.copy_pipe import Piped, TableRows, pipe, pipe_next, sending
from payrollx_db.postgres.copy_stream import CopyStream
from payrollx_db.postgres.session import render_sql, set_application_name

NO_SUCH_SNAPSHOT = (
    asyncpg.InvalidParameterValueError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.UndefinedObjectError,
)
BEGIN_READING = sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
SNAPSHOT = sql.SQL("SELECT pg_catalog.pg_current_snapshot()::text")


@dataclass(frozen=True)
class TableCopier:
    """Moves tables of one run; ``slots`` says how many slices may move at once, of all of them together.

    ``truncatable`` are the target tables that may be truncated: no foreign key that stays points at them. Only into
    these rows can arrive frozen.
    """

    context: RunContext
    slots: asyncio.Semaphore
    truncatable: Collection[str] = ()

    @property
    def run(self) -> int:
        """The number of the run."""
        return self.context.run

    async def move(self, table: TablePlan, begin: Callable[[], Awaitable[None]]) -> Piped:
        """Copy all rows of ``table`` and record them; ``begin`` is awaited when its turn has come.

        Raises SourceError or TargetError, or FindingsError where the data doesn't fit; the table is then as it
        was before, or half-done, which the state says, and is redone whole.
        """
        async with self.slots:
            started = time.monotonic()
            await begin()
            self.context.observer(TableStarted(*table.place, table.source.rows))
            moved = await self._alone(table, started) if table.slices == 1 else None
        if moved is None:
            moved = await self._sliced(table, started)
        self.context.observer(TableFinished(*table.place, moved.written, moved.size, time.monotonic() - started))
        return moved

    async def _alone(self, table: TablePlan, started: float) -> Piped:
        """Empty, copy and record in one transaction, which is also what lets rows arrive frozen."""
        async with self._reader(table) as (reader, snapshot), self._writer(table) as writer:
            await self._begin_part(writer, table, snapshot)
            freeze = table.target.kind == "r" and table.target_name in self.truncatable
            moved = await self.pipe(table, None, reader, writer, freeze=freeze)
            await self._record_slice(writer, table, 0, moved)
            await self._finish(writer, table, moved, started, await self._set_aside(table, reader, writer))
        return moved

    async def _sliced(self, table: TablePlan, started: float) -> Piped:
        """Copy ctid ranges at once, all under the leader's snapshot; the part counts when all are in."""
        async with self._reader(table) as (leader, snapshot):
            with self.context.sources[table.database].translating_errors("can't export the snapshot"):
                exported = await leader.fetchval("SELECT pg_catalog.pg_export_snapshot()")
            async with self._writer(table) as writer:
                await self._begin_part(writer, table, snapshot)
            ranges = enumerate(tid_ranges(table))
            done = await together([self._slice(table, number, where, exported) for number, where in ranges])
            moved = Piped(sum(p.read for p in done), sum(p.written for p in done), sum(p.size for p in done))
            async with self._writer(table) as writer:
                await self._finish(writer, table, moved, started, await self._set_aside(table, leader, writer))
        return moved

    async def _slice(self, table: TablePlan, number: int, where: sql.Composable, exported: str) -> Piped:
        async with self.slots, self._reader(table, exported) as (reader, _), self._writer(table) as writer:
            moved = await self.pipe(table, table.sending(where), reader, writer, freeze=False)
            await self._record_slice(writer, table, number, moved)
        return moved

    async def import_unowned(self, table: TablePlan) -> Piped:
        """Copy those rows of a duplicate table that policies let in, and record them. Raises as `move` does."""
        started = time.monotonic()
        async with self.slots, self._reader(table) as (reader, snapshot), self._writer(table) as writer:
            if await parts.is_finished(writer, self.run, table.place):
                return Piped(0, 0, 0)  # tried again, though they were in: only the answer was lost
            await parts.begin_part(writer, self.run, table.place, snapshot, 1)
            query = table.sending(table.among(table.imported))
            moved = await self.pipe(table, query, reader, writer, freeze=False)
            await self._record_slice(writer, table, 0, moved)
            await parts.finish_part(writer, self.run, table.place)
            seconds = time.monotonic() - started
            await accounts.finish_imported(writer, self.run, table.place, moved.written, seconds)
        return moved

    async def set_aside(self, table: TablePlan) -> int:
        """Put the rows of a duplicate table that stay out into quarantine; return how many there were."""
        if not table.out:
            return 0
        async with self._reader(table) as (reader, _), self._writer(table) as writer:
            return await self._set_aside(table, reader, writer)

    async def _set_aside(self, table: TablePlan, reader: Any, writer: Any) -> int:
        """Keep the legacy rows that policies speak of; return how many of them stay out of the target.

        In the part's own transactions on both sides, so that the account is of one snapshot.
        """
        keys = await quarantine.keys_to_keep(writer, self.run, table.source_name)
        if not keys:
            return 0
        await writer.execute(quarantine.STAGING)
        query, source = render_sql(legacy_rows(table, keys)), self.context.sources[table.database]
        staging, columns = quarantine.STAGED
        await pipe(
            reader, query, writer, staging, columns, source=source, target=self.context.target, rate=self.context.rate
        )
        return await quarantine.keep_staged(writer, self.run, table.source_name)

    def _reader(self, table: TablePlan, exported: str | None = None) -> AbstractAsyncContextManager[tuple[Any, str]]:
        return self.reader(table.database, table.target_name, exported)

    def _writer(self, table: TablePlan) -> AbstractAsyncContextManager[Any]:
        return self.writer(table.target_name)

    @asynccontextmanager
    async def reader(self, database: str, label: str, exported: str | None = None) -> AsyncIterator[tuple[Any, str]]:
        """Open a read-only repeatable-read transaction on a source, under ``exported`` or a snapshot of its own."""
        source = self.context.sources[database]
        name = set_application_name(source, f"run {self.run} {label}")
        async with self.context.sessions.copy_connection(source) as reader:
            with source.translating_errors("can't take a snapshot"):
                await reader.execute(render_sql(sql.SQL("; ").join([BEGIN_READING, name])))
                if exported:
                    await _import_snapshot(reader, exported)
                snapshot = await reader.fetchval(render_sql(SNAPSHOT))
            yield reader, snapshot
            with source.translating_errors("can't end the transaction"):
                await reader.execute("COMMIT")

    @asynccontextmanager
    async def stream(self, tables: Sequence[TablePlan], label: str) -> AsyncIterator[tuple[CopyStream, str]]:
        """Let a source send all rows of some of its tables, for `pipe_next`, in a transaction as `reader`'s."""
        source = self.context.sources[tables[0].database]
        name = set_application_name(source, f"run {self.run} {label}")
        copies = [statement for table in tables for statement in sending(_rows(table), table.form)]
        async with self.context.sessions.session(source) as session:
            with source.translating_errors("can't take a snapshot"):
                stream = CopyStream(session, [BEGIN_READING, name, SNAPSHOT, *copies, sql.SQL("COMMIT")])
                snapshot = await stream.value()
            yield stream, snapshot
            with source.translating_errors("can't end the transaction"):
                await stream.end()

    @asynccontextmanager
    async def writer(self, label: str) -> AsyncIterator[Any]:
        """Open a transaction on the target, which ``label`` says what it writes.

        What is cut off isn't rolled back politely: the session is dropped, as it may be in the middle of a COPY.
        """
        target = self.context.target
        async with self.context.sessions.copy_connection(target) as writer:
            with target.translating_errors(f"can't write {label}"):
                await writer.execute("BEGIN")
                await pass_write_gate(writer, target, self.context.lock_pid, f"run {self.run} {label}")
                yield writer
                await writer.execute("COMMIT")

    async def pipe(
        self, table: TablePlan, query: sql.Composable | None, reader: Any, writer: Any, *, freeze: bool
    ) -> Piped:
        """Copy the result of ``query``, or all rows, into the target of ``table``, in both sessions' transactions.

        Where the target refuses a row without saying which, the error gets the row's key. The writer's transaction
        has ended then.
        """
        async with self._naming_refused(table, writer):
            return await self._pipe(table, query, reader, writer, freeze=freeze)

    async def pipe_next(self, table: TablePlan, stream: CopyStream, writer: Any) -> Piped:
        """Copy all rows of ``table``, which ``stream`` sends next, as `pipe` does."""
        async with self._naming_refused(table, writer):
            return await pipe_next(
                stream, writer, *_into(table), form=table.form,
                source=self.context.sources[table.database], target=self.context.target, rate=self.context.rate,
            )  # fmt: skip

    async def _pipe(
        self, table: TablePlan, query: sql.Composable | None, reader: Any, writer: Any, *, freeze: bool
    ) -> Piped:
        all_rows = _rows(table) if query is None else query
        rows = all_rows if isinstance(all_rows, TableRows) else render_sql(all_rows)
        return await pipe(
            reader, rows, writer, *_into(table), freeze=freeze, form=table.form,
            source=self.context.sources[table.database], target=self.context.target, rate=self.context.rate,
        )  # fmt: skip

    @asynccontextmanager
    async def _naming_refused(self, table: TablePlan, writer: Any) -> AsyncIterator[None]:
        try:
            yield
        except PayrollxError as error:
            if not isinstance(error, SourceError) and sqlstates.among(error.sqlstate, OF_SINGLE_ROWS):
                await self._name_refused(table, writer, error)
            raise

    async def _name_refused(self, table: TablePlan, writer: Any, error: PayrollxError) -> None:
        """Let ``error`` name the row that the target refuses."""

        async def attempt(condition: sql.Composable) -> None:
            async with self.reader(table.database, table.target_name) as (reader, _):
                await self._pipe(table, table.sending(condition), reader, writer, freeze=False)

        try:
            await writer.execute("ROLLBACK; BEGIN")
            await pass_write_gate(writer, self.context.target, self.context.lock_pid, f"run {self.run}")
            key = await RefusedRow(self.context, table, error.sqlstate, writer, attempt).name()
        except (asyncpg.PostgresError, PayrollxError, OSError):
            return  # what the copy has met is what counts
        if key:
            error.details = (*error.details, f"{table.source_name}: the row {key} is refused")

    async def _begin_part(self, writer: Any, table: TablePlan, snapshot: str) -> None:
        truncate = table.target_name in self.truncatable
        if truncate or await tables_with_rows(writer, [table]):
            await empty_table(writer, table, truncate=truncate)
        await parts.begin_part(writer, self.run, table.place, snapshot, table.slices)
        await parts.delete_imported(writer, self.run, table.place)

    async def _record_slice(self, writer: Any, table: TablePlan, number: int, moved: Piped) -> None:
        await parts.record_slice(writer, self.run, table.place, number, moved.read, moved.written, moved.size)

    async def _finish(self, writer: Any, table: TablePlan, moved: Piped, started: float, out: int) -> None:
        await parts.finish_part(writer, self.run, table.place)
        account = (moved.read + out, moved.written, out, moved.size, time.monotonic() - started)
        await accounts.finish_copied(writer, self.run, table.place, *account)


def _rows(table: TablePlan) -> sql.Composable | TableRows:
    """Return all rows of ``table``: as they lie there where that will do, else by a query."""
    if table.plain_columns:
        return TableRows(table.source.schema, table.source.name, table.plain_columns)
    return table.sending()


def _into(table: TablePlan) -> tuple[tuple[str, str], list[str]]:
    return (table.target.schema, table.target.name), [column.target.name for column in table.columns]


async def _import_snapshot(reader: Any, exported: str) -> None:
    """Read under the leader's snapshot, which is there for as long as the leader's transaction is."""
    try:
        await reader.execute(render_sql(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(exported))))
    except NO_SUCH_SNAPSHOT:
        # Not a wrong value, as the server sees it: the session that holds the snapshot has been lost.
        raise ConnectionAbortedError("the session that holds the snapshot is gone") from None


async def empty_table(writer: Any, table: TablePlan, *, truncate: bool) -> None:
    """Delete the rows of a table's target that are in its scope, not those of tables that inherit from it.

    In an asyncpg transaction. ``truncate`` empties all of it, faster.
    """
    target = table.target
    only = sql.SQL("ONLY " if target.kind == "r" else "")
    statement = sql.SQL("TRUNCATE {}{}" if truncate else "DELETE FROM {}{}").format(only, target.identifier)
    if table.scope and not truncate:
        statement = sql.SQL("{} WHERE {}").format(statement, condition(table.scope))
    await writer.execute(render_sql(statement))


async def tables_with_rows(writer: Any, tables: Sequence[TablePlan]) -> set[Destination]:
    """Return where of what ``tables`` fill there is any row, in an asyncpg transaction."""
    targets = list({table.target.oid: table.target for table in tables}.values())
    sized = {record[0] for record in await writer.fetch(render_sql(rows.sized_query(targets)))}
    asked = [(table.target, table.destination) for table in tables if table.target.oid in sized]
    if not asked:
        return set()
    return {asked[record[0]][1] for record in await writer.fetch(render_sql(rows.filled_query(asked)))}


def tid_ranges(table: TablePlan) -> Iterator[sql.Composable]:
    """Yield conditions that cut the heap into ``table.slices`` ranges of pages, the last one open-ended."""
    ctid = sql.SQL("{}.ctid").format(sql.Identifier(ROW))
    step = -(-table.source.pages // table.slices)
    for number in range(table.slices):
        start = sql.Literal(f"({number * step},0)")
        condition = sql.SQL("{} >= {}::tid").format(ctid, start)
        if number < table.slices - 1:
            end = sql.Literal(f"({(number + 1) * step},0)")
            condition = sql.SQL("{} AND {} < {}::tid").format(condition, ctid, end)
        yield condition
