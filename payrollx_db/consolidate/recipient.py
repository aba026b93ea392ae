"""The database that takes over a domain in its legacy shape: empty before, and afterwards with all of it or nothing.

While it is filled a table there says so, made with the domain's tables and dropped after the proof. A handover that was
killed leaves it behind, and the next one knows by it what it may take away: nothing else there was ever there before.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from psycopg import errors, sql

from payrollx_db.consolidate.plan.legacy_shape import LegacyShape
from payrollx_db.errors import StateConflictError
from payrollx_db.model.layout import Discard
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint, run
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

EXTRACT = "extract"  # the schema of the rows of others that go along
UNFINISHED = "payrollx_handover"  # the table that is there while a handover is under way
SHOWN = 10  # names of what is in the way
WRITES = "use a login that may create tables in its schema, and with --extract a schema"
MARK = Discard(UNFINISHED, "is there while the database is filled")
# A killed handover's session holds its lock until the server has seen that nobody is there any more.
WAIT_FOR_LOCK = sql.SQL("SET LOCAL lock_timeout = '5s'")


@dataclass(frozen=True)
class Recipient:
    """A database, and the legacy tables of one service that it is to have; ``extract``: rows of others go along."""

    sessions: SessionPool
    endpoint: Endpoint
    service: str
    shape: LegacyShape
    extract: bool

    @asynccontextmanager
    async def filling(self, *, replace: bool) -> AsyncIterator[None]:
        """Make the tables with their primary keys; at the end of the block nobody takes them for unfinished any more.

        Where the block fails, all that was made is taken away. What a killed handover of this service left there is
        taken away first; rows of it only with ``replace``. Raises StateConflictError where the database holds anything
        else, or another process fills it, and TargetError.
        """
        async with self.sessions.session(self.endpoint, fresh=True) as holder:
            with self.endpoint.translating_errors("can't make the legacy tables"):
                await self._take_back(holder, replace=replace)
                await self._refuse_occupied(holder)
                await self._make(holder)
                await self._lock(holder)
            try:
                yield
            except BaseException:
                with suppress(Exception):  # what is told is why it failed, and the next handover takes it back
                    await self._clear(holder, self.extract)
                raise
            with self.endpoint.translating_errors("can't end the handover"):
                await holder.execute(sql.SQL("DROP TABLE {}").format(self._mark))
                await holder.execute("COMMIT")

    # -- private -----------------------------------------------------------------------------------------

    @property
    def _mark(self) -> sql.Identifier:
        return sql.Identifier(self.shape.legacy.schema, UNFINISHED)

    async def _take_back(self, holder: Connection, *, replace: bool) -> None:
        """Take away what a killed handover has left, if there is one."""
        try:
            await self._lock(holder)
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            await holder.execute("ROLLBACK")
            return
        ((service, extract),) = await run(holder, sql.SQL("SELECT service, extract FROM {}").format(self._mark))
        if service != self.service:
            raise StateConflictError(
                f"{self.endpoint.url.masked} has what an interrupted handover of {service} left",
                hint=f"hand {service} over to it again, or give an empty database",
            )
        if not replace and await self._has_rows(holder):
            raise StateConflictError(
                f"{self.endpoint.url.masked} has the rows of a handover of {service} that was interrupted before they"
                " were proven",
                hint="add --yes to replace them, or give an empty database",
            )
        await self._clear(holder, extract)

    async def _has_rows(self, holder: Connection) -> bool:
        for name in self.shape.names:
            with suppress(errors.UndefinedTable):
                async with holder.transaction():
                    if await run(holder, sql.SQL("SELECT FROM {} LIMIT 1").format(self._table(name))):
                        return True
        return False

    async def _refuse_occupied(self, holder: Connection) -> None:
        """Raise StateConflictError where the database holds something."""
        there = await run(holder, sql.SQL(queries.load("occupants")), {"schema": EXTRACT if self.extract else ""})
        if there:
            named = [f"{kind} {name}" for kind, name in there]
            raise StateConflictError(
                f"{self.endpoint.url.masked} isn't empty",
                details=(*named[:SHOWN], *(["and more"] if named[SHOWN:] else [])),
                hint="give an empty database, so that nothing of others is mixed with the service's rows",
            )

    async def _make(self, holder: Connection) -> None:
        async with holder.transaction():
            columns = sql.SQL("CREATE TABLE {} (service text NOT NULL, extract boolean NOT NULL)").format(self._mark)
            filled = sql.SQL("INSERT INTO {} VALUES ({}, {})").format(self._mark, self.service, self.extract)
            for statement in (columns, filled, *self.shape.types(), *self.shape.tables()):
                await holder.execute(statement)

    async def _lock(self, holder: Connection) -> None:
        """Hold the mark in a transaction that is left open. Raises StateConflictError where another process does."""
        await holder.execute("BEGIN")
        await holder.execute(WAIT_FOR_LOCK)
        try:
            await holder.execute(sql.SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE").format(self._mark))
        except errors.LockNotAvailable:
            raise StateConflictError(
                f"another process hands something over to {self.endpoint.url.masked}", hint="wait until it has ended"
            ) from None
        await holder.execute("SET LOCAL lock_timeout TO DEFAULT")

    async def _clear(self, holder: Connection, extract: bool) -> None:
        """Take away what was made, and the mark with it, in the transaction that holds it."""
        if extract:
            await holder.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(EXTRACT)))
        for name in self.shape.names:
            await holder.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(self._table(name)))
        for kind in self.shape.type_names():
            await holder.execute(sql.SQL("DROP TYPE IF EXISTS {}").format(kind))
        await holder.execute(sql.SQL("DROP TABLE {}").format(self._mark))
        await holder.execute("COMMIT")

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.shape.legacy.schema, name)
