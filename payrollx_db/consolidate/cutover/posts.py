"""The sessions that hold a fence's locks, one a database: how they take them, close the gates, commit, and let go."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from payrollx_db.consolidate.cutover.blockers import Blocker, blockers
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.consolidate.follow.gate import Gate
from payrollx_db.errors import FenceLostError, PayrollxError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.connect import pooler_error
from payrollx_db.postgres.errors import DRIVER_ERRORS, sqlstate
from payrollx_db.postgres.sequences import ColumnSequence
from payrollx_db.postgres.session import Connection, Endpoint, run, session
from payrollx_db.postgres.sqlstates import DEADLOCK, LOCK_NOT_AVAILABLE, QUERY_CANCELED

queries = query_files.beside(__name__)

NOT_TO_BE_HAD = frozenset({LOCK_NOT_AVAILABLE, QUERY_CANCELED, DEADLOCK})
OF_DEADLOCK_TIMEOUT = 0.7  # the share of it that the locks of all tables together may take
QUICK_DEADLOCKS = "150ms"  # where we may say so: who waits for us is then never the victim, and autovacuum gives way
CLOSING = "1s"  # for the locks that closing takes at most: new partitions, and the catalog's own

WRITING = {
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
}


@dataclass(frozen=True)
class Fenced:
    """What is fenced in one database: the tables (oids) of each gate, and sequences that are held, too."""

    name: str
    endpoint: Endpoint
    gates: Mapping[Gate, Sequence[int]]
    sequences: Sequence[ColumnSequence] = ()

    @property
    def writing(self) -> Endpoint:
        """The endpoint for sessions that write, and whose commits are durable."""
        return replace(self.endpoint, settings={**self.endpoint.settings, **WRITING})


class NotToBeHadError(Exception):
    """The locks of one database weren't to be had in time."""


@dataclass(eq=False)
class Post:
    """The session that holds the locks of one database, in a transaction that does nothing else.

    ``most`` is how many seconds it may wait for them, so that nobody is the victim of a deadlock with it.
    ``committed`` tells whether its gates are closed.
    """

    fenced: Fenced
    connection: Connection
    pid: int
    most: float
    quick: bool  # whether it may say QUICK_DEADLOCKS
    tables: tuple[sql.Identifier, ...]
    relations: tuple[int, ...]
    committed: bool = False

    @classmethod
    async def open(cls, stack: AsyncExitStack, fenced: Fenced) -> "Post":
        """Open the session, which ends with ``stack``. Raises SourceError, TargetError or PooledError."""
        endpoint = fenced.writing
        connection = await stack.enter_async_context(session(endpoint))
        if connection.pooler:
            raise pooler_error(endpoint.url, "a fence needs a session of its own", where=connection.pooler)
        with endpoint.translating_errors("can't prepare the fence"):
            ((pid, deadlock_ms),) = await run(connection, sql.SQL(queries.load("fence_session")))
            quick = await may_set_deadlock_timeout(connection)
            found = await relations(connection, fenced)
        names = tuple(name for _, name in found if name is not None)
        most = deadlock_ms / 1000 * OF_DEADLOCK_TIMEOUT
        return cls(fenced, connection, pid, most, quick, names, tuple(oid for oid, _ in found))

    async def lock(self, seconds: float, lease: float) -> None:
        """Begin the transaction that holds the locks. Raises NotToBeHadError, SourceError or TargetError."""
        milliseconds = f"{max(1, int(min(seconds, self.most) * 1000))}ms"
        settings = {
            "lock_timeout": milliseconds,
            "statement_timeout": milliseconds,  # of all tables together, which lock_timeout isn't
            "idle_in_transaction_session_timeout": f"{int(lease * 1000)}ms",
            **({"deadlock_timeout": QUICK_DEADLOCKS} if self.quick else {}),
        }
        statements = [
            sql.SQL("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
            *(sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), text) for name, text in settings.items()),
            *self._locking(),
            sql.SQL("SET LOCAL statement_timeout = 0"),
        ]
        try:
            await run(self.connection, sql.SQL("; ").join(statements))
        except DRIVER_ERRORS as error:
            if sqlstate(error) in NOT_TO_BE_HAD:
                raise NotToBeHadError from None
            raise self.fenced.endpoint.to_error(error, "can't lock its tables") from None

    async def blockers(self, ours: Sequence[int]) -> list[Blocker]:
        """Return who is in the way; ``ours`` are sessions that don't count. Raises SourceError or TargetError."""
        with self.fenced.endpoint.translating_errors("can't read who locks its tables"):
            return await blockers(self.connection, self.fenced.name, self.relations, ours)

    async def shape(self) -> str:
        """Return a fingerprint of the database's tables and columns. Raises SourceError or TargetError."""
        with self.fenced.endpoint.translating_errors("can't read its tables"):
            return await read_shape(self.connection)

    async def beat(self, lease: float) -> None:
        """Say something from time to time, so that the lease goes on. Raises FenceLostError."""
        while True:
            await asyncio.sleep(lease / 5)
            try:
                await self.connection.execute("SELECT")
            except DRIVER_ERRORS:
                raise self.lost() from None

    async def close(self) -> str:
        """Close the gates in the transaction, put triggers at what is new behind the lock, and return `shape` of then.

        Raises FenceLostError, SourceError or TargetError.
        """
        try:
            with self.fenced.endpoint.translating_errors("can't close its gate"):
                limit, shape = sql.SQL("SET LOCAL lock_timeout = {}").format(CLOSING), sql.SQL(queries.load("shape"))
                ((known,),) = await gates.close(self.connection, self.fenced.gates, limit, asking=shape)
                return str(known)
        except PayrollxError:
            if self.connection.closed:
                raise self.lost() from None
            raise

    async def commit(self) -> None:
        """Commit the closed gates. Raises FenceLostError, SourceError or TargetError."""
        try:
            cursor = await self.connection.execute("COMMIT")
        except DRIVER_ERRORS as error:
            if self.connection.closed:
                raise self.lost() from None
            raise self.fenced.endpoint.to_error(error, "can't commit its gate") from None
        if cursor.statusmessage != "COMMIT":  # the server rolls back a transaction in which a statement failed
            raise self.lost()
        self.committed = True

    async def reopen(self) -> str:
        """Open the gates again, also where nobody knows whether their commit was done; return the name if it fails."""
        opening = sql.SQL("; ").join(gate.open() for gate in self.fenced.gates)
        try:
            if self.connection.closed:
                async with session(self.fenced.writing) as connection:
                    await run(connection, opening)
            elif self.committed:
                await run(self.connection, opening)
            else:
                await self.roll_back()
        except (*DRIVER_ERRORS, PayrollxError):
            return self.fenced.name
        self.committed = False
        return ""

    async def roll_back(self) -> None:
        """Let the locks go, unless the gates are closed."""
        if not self.connection.closed and not self.committed:
            with suppress(*DRIVER_ERRORS):
                await self.connection.execute("ROLLBACK")

    def lost(self) -> FenceLostError:
        """Return the error that says that the locks are gone."""
        return FenceLostError(
            f"{self.fenced.name}: the session that held its locks is gone, so its writers have gone on",
            hint="nothing was opened; run the same command again",
        )

    def _locking(self) -> list[sql.Composed]:
        names = sql.SQL(", ").join(self.tables)
        statements = [sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names)] if self.tables else []
        # Nothing else keeps nextval from a sequence, and lets its position be read: it is given what it has.
        same = sql.SQL("ALTER SEQUENCE {} INCREMENT BY {}")
        return [*statements, *(same.format(each.identifier, each.increment) for each in self.fenced.sequences)]


async def relations(connection: Connection, fenced: Fenced) -> list[tuple[int, sql.Identifier | None]]:
    """Return oid and name of all tables that are locked, and the oids of what is locked without being named there."""
    tables = {
        table.oid: None if table.kind == gates.FOREIGN else table.identifier
        for gate, oids in fenced.gates.items()
        for table in await gates.gated_tables(connection, gate, oids)
    }
    return [*tables.items(), *((sequence.oid, None) for sequence in fenced.sequences)]


async def read_shape(connection: Connection) -> str:
    """Return a fingerprint of the database's tables and columns. Raises what the driver raises."""
    ((shape,),) = await run(connection, sql.SQL(queries.load("shape")))
    return str(shape)


async def may_set_deadlock_timeout(connection: Connection) -> bool:
    """Tell whether this role may say how soon deadlocks are looked for. Raises what the driver raises."""
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute("SET LOCAL deadlock_timeout = '1s'")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
