"""A follower: one flow, its stream of changes and its two sessions, pass after pass.

After a pass the written side equals one snapshot of the side that is read, table by table and row by row. What has been
brought over is confirmed to the server only when it is durable on the written side.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.follow import shapes, writing
from payrollx_db.consolidate.follow.concerned import tasks_of
from payrollx_db.consolidate.follow.flow import Flow, Watched
from payrollx_db.consolidate.follow.hooks import AwaitingJudge, Judge, Noted, Sessions
from payrollx_db.consolidate.follow.ledger import Ledger
from payrollx_db.consolidate.follow.pace import Pace
from payrollx_db.consolidate.follow.passes import Brought, Passes
from payrollx_db.consolidate.follow.work import Further, Task
from payrollx_db.consolidate.state.flows import FlowState
from payrollx_db.errors import StateConflictError
from payrollx_db.postgres.concurrency import is_set
from payrollx_db.postgres.replication.changes import Changes, Key, Published
from payrollx_db.postgres.replication.connection import lsn_number, lsn_text
from payrollx_db.postgres.replication.errors import RESYNC, SlotLostError
from payrollx_db.postgres.replication.publications import Surroundings, barrier_query, surroundings_query
from payrollx_db.postgres.replication.publications import barrier as put_barrier
from payrollx_db.postgres.replication.stream import MOST_KEYS, ChangeStream
from payrollx_db.postgres.script import Row, as_text, run_script
from payrollx_db.postgres.session import NAME_BYTES, Connection, Endpoint, connect, session

LOOK = 0.4  # seconds between two looks at how much waits
PATIENCE = 600.0  # seconds in which the stream has to come to a snapshot
SURVEY = 1.0  # seconds between two looks at what the log doesn't tell
STORE = 10.0  # seconds after which the place is stored, though nothing of ours has changed
SETTLE = 0.5  # seconds after which what was committed is asked for, whether it is durable

SNAPSHOT = """
SELECT pg_catalog.pg_current_snapshot()::text, pg_catalog.pg_wal_lsn_diff(
         CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
              ELSE pg_catalog.pg_current_wal_flush_lsn() END, '0/0')::text
"""


@dataclass(frozen=True)
class Passed:
    """What one pass has done. ``place`` is up to where the log is brought over, ``lag`` how old its oldest commit was.

    ``partial`` says that the written side is no snapshot yet: more was waiting than a pass takes.
    """

    keys: int
    written: int
    deleted: int
    commits: int
    snapshot: str
    place: int
    seconds: float
    waited: float
    lag: float
    partial: bool


@dataclass(frozen=True)
class Held:
    """A pass whose snapshot stays open: the written side equals it, as long as nobody does another pass."""

    passed: Passed
    reader: Connection


class Follower:
    """Follows one flow. Where a method raises, close it; it goes on from what is stored when it is connected again."""

    def __init__(
        self,
        flow: Flow,
        ledger: Ledger,
        *,
        judge: Judge | None = None,
        most_keys: int = MOST_KEYS,
        label: str = "follow",
    ) -> None:
        self.flow = flow
        self.ledger = ledger
        self.judge = judge
        self.most_keys = most_keys
        self.label = f"{label} {flow.name}"
        self.last: Passed | None = None
        self._locking = as_text(writing.lock_tables(flow.tables))
        self._stream: ChangeStream | None = None
        self._passes: Passes | None = None
        self._surroundings: dict[str, Any] | None = None
        self._surveyed = self._stored = self._settled = 0.0
        self._pending: deque[tuple[int, int]] = deque()  # the log's end after a pass's commit, and the pass's place
        self._place = 0

    async def connect(self) -> FlowState:
        """Open the sessions, and read the log on from what is stored; return that.

        Raises SlotLostError, SlotBusyError, StateConflictError, SourceError or TargetError.
        """
        flow = self.flow
        reader = await connect(_named(flow.read, self.label))
        try:
            writer = await connect(_named(flow.written, self.label))
            self._passes = Passes(flow, Sessions(reader, writer), self.ledger, self.judge)
            with flow.written.translating_errors("can't read the recorded place"):
                state = await self.ledger.read(writer)
        except BaseException:
            await reader.close()
            if self._passes is not None:
                await self.close()
            raise
        self._place = lsn_number(state.place or "0/0")
        self._surroundings, self._surveyed = state.surroundings, 0.0
        self._pending.clear()
        stream = ChangeStream(
            _named(flow.read, self.label),
            flow.slot,
            flow.publication,
            published(flow.watched),
            most_keys=self.most_keys,
        )
        try:
            await stream.start(self._place)
        except BaseException:
            await self.close()
            raise
        self._stream, self._stored = stream, time.monotonic()
        return state

    async def close(self) -> None:
        """End all sessions, whatever is under way in them. Nothing happens where there are none."""
        stream, self._stream = self._stream, None
        passes, self._passes = self._passes, None
        if stream is not None:
            await stream.close()
        if passes is not None:
            for connection in (passes.sessions.reader, passes.sessions.writer):
                connection.pgconn.finish()

    async def one_pass(self, *, barrier: bool = False, further: Further | None = None) -> Passed:
        """Bring the written side to a snapshot of the other. Raises as `connect`, FindingsError, ShapeChangedError.

        With ``barrier``, all that was committed before it is called is in, also where sessions don't wait for the log.
        ``further`` is brought over as well.
        """
        passed = await self._pass(barrier=barrier, further=further)
        await self._end()
        return passed

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[Held]:
        """Do passes until the written side equals a snapshot, whoever writes meanwhile, and yield it, open still."""
        passed = await self._pass(barrier=True, exact=True)
        while passed.partial:
            await self._end()
            passed = await self._pass(barrier=True, exact=True)
        try:
            yield Held(passed, self._sides.sessions.reader)
        finally:
            await self._end()

    async def run(self, stop: asyncio.Event, passed: Callable[[Passed], None] = lambda _: None) -> None:
        """Do passes as changes come, until ``stop`` is set; ``passed`` hears of each. Raises as `one_pass`."""
        pace = Pace()
        while not stop.is_set():
            if await self._log.news(pace.gap) or self._is_due():
                pace.begin()
                result = await self.one_pass()
                pace.end()
                passed(result)
                if not result.partial:
                    await self._gather(pace, stop)
            else:
                await self.settle()
        await self.finish()

    async def _gather(self, pace: Pace, stop: asyncio.Event) -> None:
        """Let changes gather until another pass is due, or ``stop`` is set."""
        pause = pace.gap
        while pause > 0 and not await is_set(stop, min(pause, LOOK)):
            pause = pace.pause(self.backlog)

    async def finish(self) -> None:
        """Let all that was brought over be durable, and confirm it. Raises TargetError."""
        if self._pending:
            with self.flow.written.translating_errors("can't make it durable"):
                answers = await run_script(self._sides.sessions.writer, [*writing.FLUSH, writing.LOG_ENDS])
            self._confirm(int(answers[-1][0][1] or 0))

    async def settle(self) -> None:
        """Confirm what has become durable since, now and then. Raises TargetError."""
        if self._pending and time.monotonic() - self._settled > SETTLE:
            self._settled = time.monotonic()
            with self.flow.written.translating_errors("can't read how far its log is written"):
                ((row,),) = await run_script(self._sides.sessions.writer, [writing.LOG_ENDS])
            self._confirm(int(row[1] or 0))

    @property
    def backlog(self) -> int:
        """How many keys wait to be brought over."""
        return self._stream.backlog if self._stream is not None else 0

    @property
    def is_awaited(self) -> bool:
        """Tell whether there is something for another pass beside what the log says: rows that waited for others."""
        return self.judge is not None and any(self.judge.joining().values())

    @property
    def place(self) -> int:
        """Up to which LSN the log of the side that is read is brought over."""
        return self._place

    # -- one pass ----------------------------------------------------------------------------------

    async def _pass(self, *, barrier: bool, exact: bool = False, further: Further | None = None) -> Passed:
        started = time.monotonic()
        reader = self._sides.sessions.reader
        with self.flow.read.translating_errors("can't take a snapshot"):
            survey = barrier or self._is_survey_due()
            snapshot, reached, around = await self._begin(reader, barrier=barrier, survey=survey)
            if exact:
                reached = await self._flushed_behind(reached)
        await self._log.until(reached, PATIENCE)
        waited = time.monotonic() - started
        changes = self._log.take(snapshot)
        with self.flow.read.translating_errors("can't read the tables' shapes"):
            await shapes.refuse_changed(reader, self.flow, changes.described)
        truncated, changed_around = self._survey(around)
        changes = replace(changes, truncated=changes.truncated | truncated)
        brought = await self._bring(changes, snapshot, further or Further(), changed_around)
        lag = max(0.0, time.time() - changes.oldest) if changes.oldest is not None else 0.0
        self.last = Passed(
            brought.keys, brought.written, brought.deleted, changes.commits, snapshot, changes.place,
            time.monotonic() - started, waited, lag, changes.partial,
        )  # fmt: skip
        return self.last

    async def _flushed_behind(self, reached: int) -> int:
        """Return an LSN behind all that the snapshot sees, flushed, so that the server sends it.

        A session that doesn't wait for the log (synchronous_commit off) shows its commit before it is flushed. What the
        stream lacks of it then comes with the next pass, which is soon enough but where this one's snapshot counts.
        """
        async with session(self.flow.read) as other:
            return max(reached, await put_barrier(other, self.flow.slot))

    async def _begin(self, reader: Connection, *, barrier: bool, survey: bool) -> tuple[str, int, Surroundings | None]:
        """Begin the transaction that is read in; return its snapshot, an LSN behind all that it sees, and a survey."""
        statements: list[sql.Composable] = []
        if barrier:
            statements += [sql.SQL("BEGIN"), barrier_query(self.flow.slot), sql.SQL("COMMIT")]
        statements += [sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")]
        statements += [reader.local] if reader.local is not None else []
        statements += [writing.ONE_MONEY] if any(move.form == "text" for move in self.flow.moves) else []
        statements += [self._locking, sql.SQL(SNAPSHOT), sql.SQL("SAVEPOINT payrollx_read")]
        statements += [surroundings_query(self.flow.publication)] if survey else []
        answers = await run_script(reader, statements)
        around = answers.pop() if survey else []
        ((snapshot, reached),) = answers[-2]
        return str(snapshot), int(reached or 0), surroundings_of(around[0]) if around else None

    async def _bring(self, changes: Changes, snapshot: str, further: Further, around: dict[str, Any] | None) -> Brought:
        joining: dict[int, list[Key]] = {oid: list(keys) for oid, keys in further.keys.items()}
        for oid, keys in (self.judge.joining() if self.judge is not None else {}).items():
            joining.setdefault(oid, []).extend(keys)
        tasks = await tasks_of(self.flow, self._sides.sessions, changes, replace(further, keys=joining), self._held())
        noted = _noted(tasks, changes, further, joining)
        if not (tasks or noted.keys or noted.whole or around or self._is_store_due(changes.place)):
            return Brought()
        count = sum(len(task.keys or ()) for task in tasks)
        store = self.ledger.store(lsn_text(changes.place), snapshot, count, around)
        brought = await self._sides.bring(tasks, noted, store)
        self._place, self._stored = changes.place, time.monotonic()
        self._surroundings = around or self._surroundings
        self._pending.append((brought.inserted, changes.place))
        self._confirm(brought.flushed)
        return brought

    def _held(self) -> dict[str, Collection[str]]:
        """Return by source table the keys of rows that are held back."""
        judge, plans = self.judge, (move.plan for move in self.flow.moves)
        if not isinstance(judge, AwaitingJudge):
            return {}
        return {plan.source_name: judge.held(plan.source_name) for plan in plans if plan is not None}

    async def _end(self) -> None:
        with self.flow.read.translating_errors("can't end the snapshot"):
            await run_script(self._sides.sessions.reader, [sql.SQL("COMMIT")])

    def _survey(self, around: Surroundings | None) -> tuple[frozenset[int], dict[str, Any] | None]:
        """Return tables that are to be taken as emptied, and what is to be stored of the surroundings, if they changed.

        Raises SlotLostError where the publication was changed.
        """
        if around is None:
            return frozenset(), None
        self._surveyed = time.monotonic()
        known, now = self._surroundings, document_of(around)
        if known is None or known == now:
            return frozenset(), None if known == now else now
        if known["publication"] != now["publication"]:
            raise SlotLostError(
                f"publication {self.flow.publication} of {self.flow.read.name} was changed or made anew:"
                " the log may lack changes",
                hint=RESYNC,
            )
        before = known["partitions"]
        return frozenset(int(oid) for oid, text in now["partitions"].items() if before.get(oid) != text), now

    def _confirm(self, flushed: int) -> None:
        """Let the server forget what is durable on the written side, whose log is flushed up to there."""
        while self._pending and self._pending[0][0] <= flushed:
            self._log.confirm(self._pending.popleft()[1])

    def _is_due(self) -> bool:
        return self.is_awaited or self._is_survey_due() or self._is_store_due(self._log.reached)

    def _is_survey_due(self) -> bool:
        return time.monotonic() - self._surveyed > SURVEY

    def _is_store_due(self, place: int) -> bool:
        return place > self._place and time.monotonic() - self._stored > STORE

    @property
    def _sides(self) -> Passes:
        if self._passes is None:
            raise StateConflictError(f"{self.flow.name} isn't connected")
        return self._passes

    @property
    def _log(self) -> ChangeStream:
        if self._stream is None:
            raise StateConflictError(f"{self.flow.name} isn't connected")
        return self._stream


def _noted(tasks: Iterable[Task], changes: Changes, further: Further, joining: Mapping[int, Sequence[Key]]) -> Noted:
    """Return what a pass is of, also of tables that it doesn't write, and of rows whose looked-up row has changed."""
    keys = {oid: dict(some) for oid, some in changes.keys.items()}
    for oid, others in joining.items():
        keys.setdefault(oid, {}).update(dict.fromkeys(others))
    whole = {*changes.truncated, *further.whole}
    for task in tasks:
        oid = task.move.source.table.oid
        if task.keys is None:
            whole.add(oid)
        else:
            keys.setdefault(oid, {}).update(task.keys)
    return Noted({oid: list(some) for oid, some in keys.items()}, frozenset(whole))


def published(tables: Iterable[Watched]) -> list[Published]:
    """Return watched tables as they are to be published."""
    return [Published(w.table.oid, w.table.full_name, w.key_names, w.looked_up) for w in tables]


def document_of(around: Surroundings) -> dict[str, Any]:
    """Return surroundings as plain data, as they are stored."""
    return {"publication": around.publication, "partitions": {str(o): t for o, t in around.partitions.items()}}


def surroundings_of(row: Row) -> Surroundings:
    """Return surroundings of their query's answer."""
    publication, partitions = row
    return Surroundings(publication, {int(oid): text for oid, text in json.loads(partitions or "{}").items()})


def _named(endpoint: Endpoint, label: str) -> Endpoint:
    return replace(endpoint, application_name=f"{endpoint.application_name} {label}"[:NAME_BYTES])
