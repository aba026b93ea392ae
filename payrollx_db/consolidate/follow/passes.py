"""One pass: keys that changed on the side that is read are brought to their state in one snapshot of it.

Rows pass through unread, from a COPY of the one side into a staging table of the other, many moves in one round trip.
Then deletes come first and upserts after them, parents first, and the place is stored in the same transaction. Where
the written side refuses a row, all of it is done once more, with care.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from payrollx_db.consolidate.follow import keys as queries
from payrollx_db.consolidate.follow import writing
from payrollx_db.consolidate.follow.flow import Flow, Move
from payrollx_db.consolidate.follow.hooks import AwaitingJudge, Judge, Noted, Sessions, SparingJudge
from payrollx_db.consolidate.follow.ledger import Ledger
from payrollx_db.consolidate.follow.work import Chunk, Task, batches, deletion, missing_of, replacement, writes
from payrollx_db.consolidate.run_session import lock_lost
from payrollx_db.errors import PayrollxError
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.replication.changes import Key
from payrollx_db.postgres.script import Row, Script, run_script

Counts = tuple[int, int]  # rows written and deleted

COLLIDED = ("23505", "23P01")  # a unique key, or an exclusion


@dataclass(frozen=True)
class Brought:
    """What a pass has brought over: keys that it looked at, rows that were written and deleted.

    ``inserted`` is an LSN of the written side behind its commit, ``flushed`` up to where the log was durable then.
    """

    keys: int = 0
    written: int = 0
    deleted: int = 0
    inserted: int = 0
    flushed: int = 0


class Refused(Exception):  # noqa: N818 - no error of ours: it is caught and dealt with
    """The written side has refused what a pass wrote; ``error`` is what it said."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__()
        self.error = error


class Passes:
    """Does passes of one flow, in two sessions that it has to itself.

    The reader is in a transaction with the pass's snapshot already when `bring` is called; the writer in none. Where a
    method raises, both sessions are to be closed.
    """

    def __init__(self, flow: Flow, sessions: Sessions, ledger: Ledger, judge: Judge | None = None) -> None:
        self.flow = flow
        self.sessions = sessions
        self.ledger = ledger
        self.judge = judge
        self._staging: set[int] = set()  # moves that have a staging table in the writer's session
        self._answer: Row = ()  # the first row of the last statement that was run
        self._money = any(move.form == "text" for move in flow.moves)

    async def bring(self, tasks: Sequence[Task], noted: Noted, store: sql.Composable) -> Brought:
        """Bring the rows of ``tasks`` over, and run ``store`` in the same transaction, which is committed then.

        ``noted`` is all that the pass is of. Raises FindingsError where a side refuses a row,
        SourceError or TargetError, LockLostError.
        """
        for careful in (False, True):
            try:
                return await self._bring(tasks, noted, store, careful=careful)
            except Refused as refused:
                if careful:
                    raise self.flow.written.to_error(refused.error, "can't write the rows that changed") from None
            except PayrollxError as error:
                if careful or self.judge is None or not self.judge.refused_by_source(error):
                    raise
            await self._roll_back()
        raise AssertionError  # the second attempt has raised or returned

    # -- reading and staging -----------------------------------------------------------------------

    async def _bring(self, tasks: Sequence[Task], noted: Noted, store: sql.Composable, *, careful: bool) -> Brought:
        for task in tasks:
            task.rows = task.gone = 0
            task.out.clear()
        if self.judge is not None:
            self.judge.forget()
        await self._stage(tasks)
        await self._tell_staged(tasks)
        tail = [store, sql.SQL("COMMIT"), writing.LOG_ENDS]
        closing = None if careful else self._closing(noted)
        if closing is not None:
            counts = await self._write(tasks, closing, tail)
        else:
            counts = await (self._write_with_care(tasks) if careful else self._write(tasks))
            if self.judge is not None:
                await self.judge.finish(self.sessions, noted)
            await self._run(tail)
        self._staging |= {task.number for task in tasks}
        if self.judge is not None:
            self.judge.committed()
        inserted, flushed = (int(text or 0) for text in self._answer)
        return Brought(sum(len(task.keys or ()) for task in tasks), *counts, inserted, flushed)

    def _closing(self, noted: Noted) -> Sequence[sql.Composable] | None:
        return [] if self.judge is None else self.judge.closing(noted)

    async def _stage(self, tasks: Sequence[Task]) -> None:
        """Open the writer's transaction, and bring rows and keys without rows into the staging tables."""
        statements: list[sql.Composable] = [*self.ledger.opening()]
        checked = len(statements) - 1
        statements += [writing.ONE_MONEY] if self._money else []
        new = [task for task in tasks if task.number not in self._staging]
        statements += [writing.make_staging(task.move, task.number) for task in new]
        if not any(task.keys is None or task.keys for task in tasks):
            await self._open(statements)
        missing: list[Chunk] = []
        for batch in batches(chunk for task in tasks for chunk in task.chunks()):
            missing += await self._copy_rows(batch, statements, checked)
            statements = []
        for batch in batches(missing):
            await self._copy_missing(batch)
        await self._judge_whole(tasks)
        await self._copy_out(tasks)
        for task in tasks:
            if task.surplus:
                task.gone += sum(await self._run([writing.mark_surplus(task.move, task.number, task.surplus)]))

    async def _tell_staged(self, tasks: Sequence[Task]) -> None:
        """Let the judge see whether rows that come in are what others wait for."""
        if isinstance(self.judge, AwaitingJudge):
            with self._writing():
                for task in tasks:
                    if task.rows:
                        await self.judge.staged(self.sessions, task.move, writing.staging_name(task.number))

    async def _open(self, statements: Sequence[sql.Composable]) -> None:
        with self._writing():
            answers = await run_script(self.sessions.writer, statements)
        if answers[len(self.ledger.opening()) - 1] != [("t",)]:
            raise lock_lost(self.flow.written)

    async def _copy_rows(self, batch: Sequence[Chunk], opening: Sequence[sql.Composable], checked: int) -> list[Chunk]:
        """Stage the rows of ``batch``; return the chunks of which not every key has a row."""
        missing = []
        into = [*opening, *(writing.copy_rows(chunk.task.move, chunk.task.number) for chunk in batch)]
        reads = [self._copy_from(chunk.task.move, await self._rows_of(chunk)) for chunk in batch]
        with self._writing():
            async with Script(self.sessions.writer, into) as written, Script(self.sessions.reader, reads) as read:
                if opening:
                    await written.skip(checked)
                    if await written.rows() != [("t",)]:
                        raise lock_lost(self.flow.written)
                    await written.skip(len(opening))
                for chunk in batch:
                    chunk.task.rows += await written.feed(self._reading(read.blocks()))
                    if self._is_lacking(chunk, read.copied):
                        missing.append(chunk)
        return missing

    async def _copy_missing(self, batch: Sequence[Chunk]) -> None:
        """Stage the keys of ``batch`` that have no row, and let the judge say which of them have one that stays out."""
        reads = [self._copy_from(chunk.task.move, missing_of(chunk)) for chunk in batch]
        into = [writing.copy_gone(chunk.task.move, chunk.task.number) for chunk in batch]
        with self._writing():
            async with Script(self.sessions.writer, into) as written, Script(self.sessions.reader, reads) as read:
                for chunk in batch:
                    chunk.task.gone += await written.feed(self._reading(read.blocks()))
        if self.judge is not None:
            for chunk in batch:
                chunk.task.out |= set(await self.judge.missing(self.sessions, chunk.task.move, chunk.keys))

    async def _judge_whole(self, tasks: Sequence[Task]) -> None:
        """Let the judge say what stays out of tables that are read as a whole; there, what isn't staged is gone."""
        for task in tasks:
            if self.judge is not None and task.keys is None and not task.move.spares:
                task.out |= set(await self.judge.missing(self.sessions, task.move, None))

    @staticmethod
    def _is_lacking(chunk: Chunk, copied: int) -> bool:
        """Tell whether some of a chunk's keys, or rows, weren't read."""
        if chunk.keys is None:
            return chunk.task.move.spares and chunk.condition is not None
        return copied < len(chunk.keys)

    async def _copy_out(self, tasks: Sequence[Task]) -> None:
        """Keep what stays out of one move out of the other moves of the same source table, too."""
        out: dict[int, set[Key]] = {}
        for task in tasks:
            if task.out:
                out.setdefault(task.move.source.table.oid, set()).update(task.out)
        marks: list[tuple[Task, Sequence[Key]]] = []
        for task in tasks:
            if keys := out.get(task.move.source.table.oid, set()) - task.out:
                marks.append((task, list(keys)))
                task.out |= keys
        await self._copy_marks(marks)

    async def _copy_marks(self, marks: Iterable[tuple[Task, Sequence[Key]]]) -> None:
        """Stage the keys that stay out of these tasks."""
        chunks = [Chunk(task, some) for task, keys in marks for some in queries.chunks(keys)]
        for batch in batches(chunks):
            into = [writing.copy_gone(chunk.task.move, chunk.task.number) for chunk in batch]
            reads = [self._copy_from(c.task.move, queries.out_of(c.task.move, c.keys or [])) for c in batch]
            with self._writing():
                async with Script(self.sessions.writer, into) as written, Script(self.sessions.reader, reads) as read:
                    for chunk in batch:
                        chunk.task.gone += await written.feed(self._reading(read.blocks()))

    async def _rows_of(self, chunk: Chunk) -> sql.Composable:
        move = chunk.task.move
        if self.judge is None:
            return queries.rows_of(move, chunk.keys)
        await self.judge.prepare(self.sessions, move, chunk.keys)
        chunk.condition = self.judge.condition(move)
        return queries.rows_of(move, chunk.keys, chunk.condition, self.judge.values(move))

    def _copy_from(self, move: Move, query: sql.Composable) -> sql.Composable:
        return sql.SQL("COPY ({}) TO STDOUT (FORMAT {})").format(query, sql.SQL(move.form))

    # -- writing -----------------------------------------------------------------------------------

    async def _write(
        self, tasks: Sequence[Task], closing: Sequence[sql.Composable] = (), tail: Sequence[sql.Composable] = ()
    ) -> Counts:
        """Bring all that is staged into its tables at once, and run the judge's ``closing`` and ``tail`` with it."""
        deletes = [deletion(task) for task in reversed(tasks) if task.gone or task.keys is None]
        upserts = [statement for task in tasks if task.rows for statement in writes(task)]
        counts = await self._run([*deletes, *upserts, *closing, *tail])
        done = len(deletes) + len(upserts)
        if self.judge is not None and closing:
            self.judge.closed(counts[done : done + len(closing)])
        return sum(counts[len(deletes) : len(deletes) + len(upserts)]), sum(counts[: len(deletes)])

    async def _write_with_care(self, tasks: Sequence[Task]) -> Counts:
        """Do the same a table at a time, and let the judge say what becomes of rows that are refused."""
        deleted = await self._delete_with_care([task for task in reversed(tasks) if task.gone or task.keys is None])
        written = 0
        for task in tasks:
            if task.rows:
                try:
                    written += await self._write_or_replace(task)
                except Refused as refused:
                    deleted += await self._take_out(task, tasks, refused.error)
        return written, deleted

    async def _delete_with_care(self, tasks: Sequence[Task]) -> int:
        """Delete what is gone, table by table where the judge can say what becomes of rows that can't go."""
        if not isinstance(self.judge, SparingJudge):
            return sum(await self._run([deletion(task) for task in tasks]))
        savepoint, back = sql.SQL("SAVEPOINT payrollx_delete"), sql.SQL("ROLLBACK TO SAVEPOINT payrollx_delete")
        deleted = 0
        for task in tasks:
            try:
                deleted += sum(await self._run([savepoint, deletion(task)]))
            except Refused:
                await self._run([back])
                if task.keys is None:
                    raise
                staging = writing.staging_name(task.number)
                deleted += await self.judge.refused_deletion(self.sessions, task.move, staging)
        return deleted

    async def _write_or_replace(self, task: Task) -> int:
        """Upsert a task's rows; where they collide with one another's former values, delete and insert them."""
        savepoint, back = sql.SQL("SAVEPOINT payrollx_write"), sql.SQL("ROLLBACK TO SAVEPOINT payrollx_write")
        try:
            return sum(await self._run([savepoint, *writes(task)]))
        except Refused as refused:
            await self._run([back])
            if refused.error.sqlstate not in COLLIDED or task.move.pinned:
                raise
        try:
            return (await self._run(replacement(task)))[-1]
        except Refused:
            await self._run([back])
            raise

    async def _take_out(self, task: Task, tasks: Sequence[Task], error: psycopg.Error) -> int:
        """Let the judge bring in what it can of a task; take the others out of all moves of their source table."""
        if self.judge is None:
            raise Refused(error)
        staging, known = writing.staging_name(task.number), None if task.keys is None else list(task.keys)
        keys = await self.judge.refused_by_target(self.sessions, task.move, staging, known, error)
        same = [other for other in tasks if other.move.source.table.oid == task.move.source.table.oid]
        await self._copy_marks([(other, keys) for other in same])
        for other in same:
            other.out |= set(keys)
        return sum(await self._run([deletion(other) for other in reversed(same)]))

    async def _run(self, statements: Sequence[sql.Composable]) -> list[int]:
        """Run statements on the written side; return of each how many rows it concerned. Raises Refused."""
        try:
            with self._writing():
                async with Script(self.sessions.writer, statements) as script:
                    counts = [await script.count() for _ in statements]
                    self._answer = script.answer
                    return counts
        except PayrollxError as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, psycopg.Error) and sqlstates.may_be_of_a_row(error.sqlstate):
                raise Refused(cause) from None
            raise

    async def _roll_back(self) -> None:
        """Undo what this pass has written, and be in the snapshot again."""
        with self._writing():
            await run_script(self.sessions.writer, [sql.SQL("ROLLBACK")])
        with self._read_errors():
            await run_script(self.sessions.reader, [sql.SQL("ROLLBACK TO SAVEPOINT payrollx_read")])

    def _writing(self) -> AbstractContextManager[None]:
        return self.flow.written.translating_errors("can't write the rows that changed")

    def _read_errors(self) -> AbstractContextManager[None]:
        return self.flow.read.translating_errors("can't read the rows that changed")

    async def _reading(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass ``blocks`` on; an error in their midst is one of the side that is read."""
        with self._read_errors():
            async for block in blocks:
                yield block
