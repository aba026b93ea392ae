"""Handing over the run's lock: who follows offers it, and who wants to move the services asks for it.

The offer names the session that holds the lock, and counts as long as that does. A request is a note on it, with a time
after which it is none any more: who has stopped waiting must not end a follower that comes to life again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from psycopg.rows import class_row

from payrollx_db.consolidate.state import schema
from payrollx_db.consolidate.state.runs import this_process
from payrollx_db.consolidate.state.switches import this_operator
from payrollx_db.postgres import locks, query_files
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

FIRST_VERSION = next(number for number, name in enumerate(schema.MIGRATIONS, 1) if name.endswith("_handover.sql"))
OFFERS = "SELECT lock_pid, host, process, agreed_at IS NOT NULL AS agreed FROM payrollx_meta.handover"
REQUEST = """
SELECT asked_for AS action, asked_by AS operator FROM payrollx_meta.handover
WHERE lock_pid = %s AND asked_for IS NOT NULL AND agreed_at IS NULL AND asked_until > pg_catalog.clock_timestamp()
"""
AGREE = "UPDATE payrollx_meta.handover SET agreed_at = pg_catalog.clock_timestamp() WHERE lock_pid = %s"
WITHDRAW = "UPDATE payrollx_meta.handover SET asked_for = NULL, asked_until = NULL WHERE lock_pid = %s"


@dataclass(frozen=True)
class Offer:
    """Who holds the lock and would hand it over; ``agreed`` says that it is about to."""

    lock_pid: int
    host: str
    process: int
    agreed: bool

    @property
    def is_here(self) -> bool:
        """Tell whether it is a process of this machine."""
        return self.host == this_process()[0]


@dataclass(frozen=True)
class Request:
    """What somebody wants to do who asks for the lock, and who that is."""

    action: str
    operator: str

    def __str__(self) -> str:
        return f"payrollx-db {self.action} of {self.operator}"


async def offer(connection: Connection, lock_pid: int) -> None:
    """Record, that this process hands over the lock that session ``lock_pid`` holds."""
    host, process = this_process()
    await connection.execute(queries.load("offer_handover"), {"lock_pid": lock_pid, "host": host, "process": process})


async def request(connection: Connection, lock_pid: int) -> Request | None:
    """Return who asks for the lock of session ``lock_pid`` and hasn't been answered, nobody where nobody does."""
    cursor = connection.cursor(row_factory=class_row(Request))
    await cursor.execute(REQUEST, (lock_pid,))
    return await cursor.fetchone()


async def agree(connection: Connection, lock_pid: int) -> None:
    """Record that the lock of session ``lock_pid`` is about to be free."""
    await connection.execute(AGREE, (lock_pid,))


async def offered(connection: Connection) -> Offer | None:
    """Return who holds the run's lock and would hand it over, nothing where nobody does."""
    if await schema.version(connection) < FIRST_VERSION:
        return None
    cursor = connection.cursor(row_factory=class_row(Offer))
    await cursor.execute(OFFERS)
    for known in await cursor.fetchall():
        ((held,),) = await run(connection, locks.RUN.is_held(known.lock_pid))
        if held:
            return known
    return None


@asynccontextmanager
async def asking(connection: Connection, known: Offer, action: str, seconds: float) -> AsyncIterator[None]:
    """Ask for the lock while the block lasts, and for so many seconds at most."""
    values = {"action": action, "operator": this_operator(), "seconds": seconds, "lock_pid": known.lock_pid}
    await connection.execute(queries.load("ask_for_handover"), values)
    try:
        yield
    finally:
        with suppress(*DRIVER_ERRORS):  # it runs out by itself
            await connection.execute(WITHDRAW, (known.lock_pid,))
