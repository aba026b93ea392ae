"""Nobody waits for a proof: where a service wants a table alone that a held snapshot has locked, it is let go.

A snapshot is held with ACCESS SHARE on every table, since TRUNCATE would empty them for it, too. Readers and writers
don't mind; TRUNCATE, LOCK TABLE and DDL wait for it, and everybody else of the service queues behind them. A proof of a
large database takes minutes, and a service must not stand still for minutes.
"""

import asyncio
import math
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.follow.settle import Followed
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

T = TypeVar("T")

LOOK = 0.1  # seconds between two looks


class TableWantedError(Exception):
    """Somebody wants ``tables`` alone, and waits for us."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(", ".join(tables))
        self.tables = tuple(tables)


async def unless_wanted(
    context: Context, followed: Mapping[str, Followed], patience: float, work: Coroutine[Any, Any, T]
) -> T:
    """Do ``work`` under the snapshots that these sessions hold, unless somebody waits for one of their tables.

    After ``patience`` seconds of that it is cut off. Raises TableWantedError, what ``work`` raises, or SourceError.
    """
    working = asyncio.create_task(work)
    watching = [asyncio.create_task(_watch(context, one, patience)) for one in followed.values()]
    try:
        await asyncio.wait([working, *watching], return_when=asyncio.FIRST_COMPLETED)
        for watch in watching:
            if watch.done() and not working.done():
                watch.result()
        return await working
    finally:
        for task in (working, *watching):
            task.cancel()
        await asyncio.wait([working, *watching])
        for task in (working, *watching):
            if not task.cancelled():
                task.exception()  # seen, so that nobody warns of it


async def _watch(context: Context, one: Followed, patience: float) -> None:
    """Look until somebody has been waiting for that long. Raises TableWantedError, or SourceError."""
    pid, since = one.reader.info.backend_pid, math.inf
    with one.flow.read.translating_errors("can't look who waits for us"):
        async with context.sessions.session(one.flow.read) as connection:
            while True:
                tables = await _wanted(connection, pid)
                since = min(since, time.monotonic()) if tables else math.inf
                if time.monotonic() - since > patience:
                    raise TableWantedError([f"{one.flow.name}.{table}" for table in tables])
                await asyncio.sleep(LOOK)


async def _wanted(connection: Connection, pid: int) -> list[str]:
    query = sql.SQL(queries.load("wanted_alone")).format(ours=sql.Literal(pid))
    return [str(name) for (name,) in await run(connection, query)]
