"""Who is in a fence's way: sessions and prepared transactions that hold a lock on its tables, by name."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

# What each lock that is in the way means to a person, the strongest last.
DOES = {
    "RowExclusiveLock": "writes",
    "ShareUpdateExclusiveLock": "vacuums, analyzes or changes",
    "ShareLock": "builds an index on",
    "ShareRowExclusiveLock": "locks",
    "ExclusiveLock": "locks",
    "AccessExclusiveLock": "changes or locks",
}
AUTOVACUUM = "autovacuum worker"
CLIENT = "client backend"
NAMED = 3  # tables that are named of each


@dataclass(frozen=True)
class Blocker:
    """A session, or a prepared transaction (``gid``), that holds locks. What the server doesn't tell is ``None``."""

    database: str
    pid: int | None
    user: str | None
    application: str | None
    address: str | None
    backend: str | None
    since: datetime | None
    gid: str | None
    modes: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def is_client(self) -> bool:
        """Whether it is a client's session, which may be ended."""
        return self.pid is not None and self.backend in (CLIENT, None)

    @property
    def is_prepared(self) -> bool:
        """Whether it is a prepared transaction, which only COMMIT PREPARED or ROLLBACK PREPARED ends."""
        return self.pid is None

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "database": self.database,
            "pid": self.pid,
            "user": self.user,
            "application": self.application,
            "address": self.address,
            "since": f"{self.since:%Y-%m-%dT%H:%M:%S%z}" if self.since else None,
            "prepared": self.gid,
            "does": self._does,
            "tables": list(self.tables),
        }

    def __str__(self) -> str:
        tables = ", ".join(self.tables[:NAMED])
        more = f" and {len(self.tables) - NAMED} more" if len(self.tables) > NAMED else ""
        return f"{self.database}: {self._who} {self._does} {tables}{more}"

    @property
    def _who(self) -> str:
        if self.is_prepared:
            parts = [f"the prepared transaction {self.gid!r}" if self.gid else "a prepared transaction"]
        elif self.backend == AUTOVACUUM:
            parts = [f"autovacuum (session {self.pid})"]
        else:
            parts = [f"session {self.pid}"]
            parts += [f"({self.application})"] if self.application else []
        parts += [f"of {self.user}"] if self.user else []
        parts += [f"from {self.address}"] if self.address else []
        parts += [f"since {self.since:%Y-%m-%d %H:%M:%S}"] if self.since else []
        return " ".join(parts)

    @property
    def _does(self) -> str:
        return next(does for mode, does in reversed(DOES.items()) if mode in self.modes)


async def blockers(
    connection: Connection, database: str, relations: Collection[int], ours: Collection[int] = ()
) -> list[Blocker]:
    """Return who holds locks on ``relations`` (oids) that keep a fence out, the longest first.

    ``ours`` are the server's process ids of further sessions of our own, which don't count.
    """
    params = {"relations": list(relations), "ours": list(ours)}
    rows = await run(connection, sql.SQL(queries.load("lock_holders")), params)
    return [Blocker(*(database, *facts, tuple(modes), tuple(tables))) for *facts, modes, tables in rows]


async def end(connection: Connection, blocker: Blocker) -> bool:
    """End a client's session, or cancel what autovacuum does; tell whether the server has done it.

    Raises what the driver raises where this role may not.
    """
    if blocker.pid is None:
        return False
    function = "pg_cancel_backend" if blocker.backend == AUTOVACUUM else "pg_terminate_backend"
    query = sql.SQL("SELECT pg_catalog.{}({})").format(sql.SQL(function), sql.Literal(blocker.pid))
    ((done,),) = await run(connection, query)
    return bool(done)
