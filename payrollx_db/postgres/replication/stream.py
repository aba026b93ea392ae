"""The changes of one source, as its log tells them."""

import asyncio
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg
from psycopg.errors import error_from_result

from payrollx_db.errors import PayrollxError, SourceError, StateConflictError
from payrollx_db.postgres import errors, sqlstates
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.replication.changes import Changes, Published
from payrollx_db.postgres.replication.connection import (
    connect_replication,
    lsn_text,
    sender_timeout,
    start_replication,
    to_error,
)
from payrollx_db.postgres.replication.errors import RESYNC, UndecodableError
from payrollx_db.postgres.replication.pgoutput import EPOCH, Reader
from payrollx_db.postgres.replication.slots import busy, refuse_unfit, slot_state
from payrollx_db.postgres.session import Connection, Endpoint

MOST_KEYS = 500_000
OVER = 1.25  # how many more may be held until a transaction ends, in which reading shouldn't stop

BATCH = 1000  # messages that are read in one go, while nothing else is done
GAP = 0.4  # seconds in which changes gather in the socket while nobody waits for them
HEARTBEAT = 1.0  # seconds between two words to the server, or less where it is impatient
ASK_FIRST, ASK_LAST = 0.002, 0.05  # pauses between two questions how far it has come
UNDECODABLE = ("XX", "58P01")  # an internal error, and log that is missing though the slot counts on it
BUSY, BUSY_PAUSE = 15.0, 0.2  # seconds in which the server may notice that an earlier session of ours is gone

_status = struct.Struct("!cQQQqB").pack


class ChangeStream:
    """The stream of one slot. It is read in the event loop that runs, whatever else is done there.

    What `take` has handed out, the stream doesn't know any more: where a pass fails, close the stream, and start a new
    one at the place that is stored. Where it holds as many keys as it may, it reads on only when these are taken.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        slot: str,
        publication: str,
        tables: Sequence[Published],
        *,
        most_keys: int = MOST_KEYS,
    ) -> None:
        self.endpoint = endpoint
        self.slot = slot
        self.publication = publication
        self.most_keys = most_keys
        self._reader = Reader(tables)
        self._connection: Connection | None = None
        self._socket = -1  # kept: a lost connection doesn't know its number, and the next one may get the same
        self._listening = False
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._heart: asyncio.TimerHandle | None = None
        self._beat = HEARTBEAT
        self._confirmed = 0
        self._wanted = 0
        self._waiting: list[tuple[asyncio.Future[None], Callable[[], bool]]] = []
        self._error: PayrollxError | None = None

    async def start(self, at: int) -> None:
        """Connect, and read from ``at`` on, an LSN that is stored on the other side.

        Raises SlotLostError where the slot can't give all that came after it, SlotBusyError where somebody else reads
        from it, StateConflictError where it is of another database, and SourceError where the server can't be reached.
        """
        connection = await connect_replication(self.endpoint)
        try:
            self._beat = min(HEARTBEAT, await sender_timeout(connection) / 4)
            await self._start(connection, at)
        except DRIVER_ERRORS as error:
            await connection.close()
            raise to_error(self.endpoint, error, f"can't read from slot {self.slot}") from errors.cause(error)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        self._reader.reached = self._confirmed = at
        self._socket = connection.pgconn.socket
        self._rest()
        self._pulse()

    async def until(self, lsn: int, timeout: float) -> None:  # noqa: ASYNC109 - a stall is an error of the source
        """Wait until every commit before ``lsn`` has been read, or the stream holds as many keys as it may.

        Raises SourceError, which is transient, where that takes longer, and what has ended the stream.
        """
        self._wanted = lsn
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + timeout, ASK_FIRST
        while self._is_behind():
            if loop.time() > deadline:
                raise self._stalled(lsn)
            self._tell(asking=True)
            await self._hear(pause, lambda: not self._is_behind())
            pause = min(pause * 2, ASK_LAST)
        self._raise()

    async def news(self, timeout: float) -> bool:  # noqa: ASYNC109 - it is what is asked for
        """Wait until there is something to take, so long at most; tell whether there is. Raises what ended it."""
        if not self._has_news():
            await self._hear(timeout, self._has_news)
        self._raise()
        return self._reader.has_news

    def take(self, snapshot: str) -> Changes:
        """Hand out what has changed, under a snapshot as pg_current_snapshot() writes it.

        Reading the keys raises ShapeChangedError where one can't be read as the table's key.
        """
        self._raise()
        changes = self._reader.take(snapshot, self._wanted)
        if not self._listening and self._timer is None:  # it had stopped, and messages may lie here already
            self._timer = asyncio.get_running_loop().call_soon(self._read_on)
        return changes

    def confirm(self, lsn: int) -> None:
        """Let the server forget what lies before ``lsn``: a place that is durable on the other side, and stored.

        It is told with the next word to it, within a second.
        """
        self._confirmed = max(self._confirmed, lsn)

    async def close(self) -> None:
        """End the session. Nothing happens where it is ended already."""
        self._silence()
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._error is None:
            with suppress(*DRIVER_ERRORS):  # it is lost, and the next session starts at what is stored
                self._send(connection, asking=False)
        await connection.close()

    @property
    def backlog(self) -> int:
        """How many keys and transactions it holds."""
        return self._reader.held

    @property
    def reached(self) -> int:
        """Up to which LSN the stream has been read."""
        return self._reader.reached

    @property
    def confirmed(self) -> int:
        """What has been confirmed."""
        return self._confirmed

    # -- starting ----------------------------------------------------------------------------------

    async def _start(self, connection: Connection, at: int) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + BUSY
        while not await self._started(connection, at):
            if loop.time() > deadline:
                state = await slot_state(connection, self.slot)
                raise busy(self.slot, state.active_pid if state else None)
            await asyncio.sleep(BUSY_PAUSE)

    async def _started(self, connection: Connection, at: int) -> bool:
        """Let the server send; tell whether it does, and the slot is nobody else's."""
        refuse_unfit(await slot_state(connection, self.slot), self.slot, at)
        try:
            await start_replication(connection, self.slot, self.publication, at)
        except psycopg.errors.ObjectInUse:
            return False
        except psycopg.Error:
            if not connection.closed:  # it may have been lost just now
                refuse_unfit(await slot_state(connection, self.slot), self.slot, at)
            raise
        return True

    # -- reading -----------------------------------------------------------------------------------

    async def _hear(self, timeout: float, condition: Callable[[], bool]) -> None:  # noqa: ASYNC109
        """Read whatever comes as it comes, until ``condition`` holds or the time is over."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        waking = loop.call_later(timeout, _wake, waiter)
        self._waiting.append((waiter, condition))
        self._stop_timer()
        self._read_on()
        try:
            await waiter
        finally:
            waking.cancel()
            self._waiting = [(other, its) for other, its in self._waiting if other is not waiter]
            if not self._waiting:
                self._rest()

    def _rest(self) -> None:
        """Let changes gather: reading each as it comes would cost more than all the rest."""
        self._deafen()
        if self._timer is None and self._can_read():
            self._timer = asyncio.get_running_loop().call_later(GAP, self._read_on)

    def _read_on(self) -> None:
        """Read what has come, and be there for what comes next."""
        self._timer = None
        self._read()
        if not self._waiting:
            self._rest()
        elif self._can_read():
            self._listen()

    def _listen(self) -> None:
        if not self._listening:
            asyncio.get_running_loop().add_reader(self._socket, self._read)
            self._listening = True

    def _deafen(self) -> None:
        if self._listening:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._listening = False

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _can_read(self) -> bool:
        return self._connection is not None and self._error is None and not self._is_full()

    def _read(self) -> None:
        """Read what has come, a batch of it at a time."""
        if self._connection is None or not self._can_read():
            return
        pgconn, reader = self._connection.pgconn, self._reader
        most = min(BATCH, max(1, int(self.most_keys * OVER) - reader.held))
        try:
            count = reader.read(pgconn.get_copy_data, most)
            while count < most and not reader.ended:
                pgconn.consume_input()
                fresh = reader.read(pgconn.get_copy_data, most - count)
                if not fresh:
                    break
                count += fresh
            if reader.ended:
                raise _end_of(pgconn)
            if reader.asked:
                self._tell(asking=False)
        except DRIVER_ERRORS as error:
            self._end(self._ended_by(error))
        except PayrollxError as error:
            self._end(error)
        else:
            self._go_on(more=count >= most)
        self._wake_who_waits()

    def _go_on(self, *, more: bool) -> None:
        """Read the next batch soon, and nothing at all while as much is held as may be."""
        if self._is_full():
            self._deafen()
        elif more and self._timer is None:
            self._timer = asyncio.get_running_loop().call_soon(self._read_on)

    def _wake_who_waits(self) -> None:
        for waiter, condition in self._waiting:
            if condition():
                _wake(waiter)

    def _has_news(self) -> bool:
        return self._error is not None or self._reader.has_news

    def _is_full(self) -> bool:
        held = self._reader.held
        return held >= self.most_keys and (self._reader.is_between or held >= self.most_keys * OVER)

    def _is_behind(self) -> bool:
        """Tell whether there is something to wait for."""
        return self._reader.reached < self._wanted and self._error is None and not self._is_full()

    # -- talking -----------------------------------------------------------------------------------

    def _pulse(self) -> None:
        """Speak to the server every now and then, also while nothing is read: else it takes us for dead."""
        self._tell(asking=False)
        if self._error is None:
            self._heart = asyncio.get_running_loop().call_later(self._beat, self._pulse)

    def _tell(self, *, asking: bool) -> None:
        """Say what is durable, and ask how far the server has come."""
        if self._connection is None or self._error is not None:
            return
        try:
            self._send(self._connection, asking=asking)
        except DRIVER_ERRORS as error:
            self._end(self._ended_by(error))
            self._wake_who_waits()

    def _send(self, connection: Connection, *, asking: bool) -> None:
        written = max(self._reader.reached, self._confirmed)
        now = int((time.time() - EPOCH) * 1e6)
        connection.pgconn.put_copy_data(_status(b"r", written, self._confirmed, self._confirmed, now, asking))
        connection.pgconn.flush()
        self._reader.asked = False

    # -- ending ------------------------------------------------------------------------------------

    def _ended_by(self, error: BaseException) -> PayrollxError:
        ended = to_error(self.endpoint, error, f"the stream of slot {self.slot} has ended")
        if not sqlstates.among(ended.sqlstate, UNDECODABLE):
            return ended
        # Decoding fails at one place of the log, and each new attempt comes to it again (TRUNCATE beside savepoints and
        # a crash can do that): only another slot leads past it.
        undecodable = UndecodableError(f"{ended.message}: it can't decode its log from there on", hint=RESYNC)
        undecodable.sqlstate = ended.sqlstate
        return undecodable

    def _end(self, error: PayrollxError) -> None:
        self._error = error
        self._silence()

    def _silence(self) -> None:
        self._deafen()
        self._stop_timer()
        if self._heart is not None:
            self._heart.cancel()
            self._heart = None

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
        if self._connection is None:
            raise StateConflictError(f"the stream of slot {self.slot} isn't started")

    def _stalled(self, lsn: int) -> SourceError:
        error = SourceError(
            f"source {self.endpoint.name} at {self.endpoint.url.masked}: the stream of slot {self.slot} has come to"
            f" {lsn_text(self.reached)} only, and not to {lsn_text(lsn)}, in the time that it had",
            hint="see whether the server is overloaded, or decodes a huge transaction",
        )
        error.transient = True
        return error


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def _end_of(pgconn: "psycopg.pq.abc.PGconn") -> psycopg.Error:
    """Return why the server sends no more."""
    result = None if pgconn.is_busy() else pgconn.get_result()
    if result is not None and result.status == psycopg.pq.ExecStatus.FATAL_ERROR:
        return error_from_result(result)
    return psycopg.OperationalError("the server has ended the stream")
