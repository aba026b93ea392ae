"""The databases of tenants that have one of their own: a small pool each, the least recently used closed first.

A pool is of one database, so a thousand such tenants would be a thousand pools. Tenants that share a database, or live
in the unified one, share its pool.
"""

import asyncio
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from payrollx_db.errors import PoolUsedUpError
from payrollx_db.facade import engines
from payrollx_db.facade.engines import Place, PoolSettings
from payrollx_db.postgres.url import DatabaseUrl

KEPT = 1  # idle connections to a tenant's own database
EXTRA = 4  # and how many more there may be at a time


@dataclass
class OpenDatabase:
    """An open database: how many sessions use it now, and when the last one came."""

    place: Place
    loop: asyncio.AbstractEventLoop | None
    users: int = 0
    used: float = 0.0
    tried: bool = False


class Databases:
    """Open databases of tenants, at most so many at once."""

    def __init__(self, most: int, idle: float) -> None:
        """One that no session has used for ``idle`` seconds is closed."""
        self._most, self._idle = most, idle
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, int], OpenDatabase] = OrderedDict()

    def enter(self, url: DatabaseUrl, *, in_loop: bool) -> OpenDatabase:
        """Return the database for one session, which ``leave`` ends. Raises PoolUsedUpError where all are in use."""
        loop = asyncio.get_running_loop() if in_loop else None
        key = (url.identity, id(loop) if loop else 0)
        with self._lock:
            database = self._open.get(key)
            if database is None:
                closing = self._make_room(url)
                settings = replace(PoolSettings.read(os.environ), size=KEPT, overflow=EXTRA)
                make: Callable[[DatabaseUrl, PoolSettings], Place] = (
                    engines.separate_async_place if in_loop else engines.separate_place
                )
                database = self._open[key] = OpenDatabase(make(url, settings), loop)
            else:
                closing = []
            self._open.move_to_end(key)
            database.users += 1
            database.used = time.monotonic()
        _close_all(closing, 0)
        return database

    def leave(self, database: OpenDatabase) -> None:
        """Note that a session has ended."""
        with self._lock:
            database.users -= 1
            database.used = time.monotonic()

    def drop(self, database: OpenDatabase) -> None:
        """Forget a database that couldn't be used, so that the next session tries it anew."""
        with self._lock:
            for key in [key for key, known in self._open.items() if known is database]:
                del self._open[key]
        _close_all([database], 0)

    def close_idle(self) -> None:
        """Close those that no session has used for long."""
        limit = time.monotonic() - self._idle
        with self._lock:
            keys = [key for key, known in self._open.items() if not known.users and known.used < limit]
            closing = [self._open.pop(key) for key in keys]
        _close_all(closing, 0)

    def close(self, url: DatabaseUrl) -> None:
        """Close a database's pools, where no session uses them: the tenant is suspended, or has moved."""
        with self._lock:
            keys = [k for k, known in self._open.items() if k[0] == url.identity and not known.users]
            closing = [self._open.pop(key) for key in keys]
        _close_all(closing, 0)

    def close_all(self, timeout: float) -> None:
        """Close all of them, also what is in use, and wait so long at most for those that take their time."""
        with self._lock:
            closing = list(self._open.values())
            self._open.clear()
        _close_all(closing, timeout)

    async def close_all_async(self) -> None:
        """Do as `close_all` for the pools of the running event loop, and leave the others."""
        loop = asyncio.get_running_loop()
        with self._lock:
            keys = [key for key, known in self._open.items() if known.loop is loop]
            closing = [self._open.pop(key) for key in keys]
        for database in closing:
            await engines.async_engine(database.place.engine).dispose()

    def __len__(self) -> int:
        return len(self._open)

    # -- private -----------------------------------------------------------------------------------------

    def _make_room(self, url: DatabaseUrl) -> list[OpenDatabase]:
        closing = []
        while len(self._open) >= self._most:
            key = next((key for key, known in self._open.items() if not known.users), None)
            if key is None:
                raise PoolUsedUpError(
                    f"{self._most} databases of tenants are in use, so {url} can't be opened as well",
                    hint="keep transactions short, or raise PAYROLLX_TENANT_DATABASES",
                )
            closing.append(self._open.pop(key))
        return closing


# -- private ------------------------------------------------------------------------------------------


def _close_all(databases: list[OpenDatabase], timeout: float) -> None:
    """Close pools side by side: one whose server has gone silent holds up no other, and nobody for longer than that."""
    threads = [threading.Thread(target=_close, args=(database,), daemon=True) for database in databases]
    for thread in threads:
        thread.start()
    end = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _close(database: OpenDatabase) -> None:
    if database.loop is None:
        database.place.engine.dispose()
        return
    if database.loop.is_closed() or not database.loop.is_running():
        database.place.engine.dispose(close=False)  # its connections went with their loop
        return
    engine = engines.async_engine(database.place.engine)
    asyncio.run_coroutine_threadsafe(engine.dispose(), database.loop)
