"""The place of a run's sessions with one of its databases: resolved once, and proven by each session.

The first session finds it. A random number says which it is: each session of the run that has proven to be there holds
an advisory lock by that number, shared with the others. The next one looks whether somebody there holds it, which only
the same database of the same server can show, a standby too. Where all of them are gone (the server was started anew,
say), the server's identity has to speak for it.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import asyncpg
import psycopg
from psycopg import sql

from payrollx_db.errors import StateConflictError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.connect import ONE_ROW, connect_async, connect_copy, pooler_error
from payrollx_db.postgres.identity import Identity, read_identity
from payrollx_db.postgres.pooled import AsyncConnection, place_of
from payrollx_db.postgres.resolve import resolved
from payrollx_db.postgres.steps import Steps, T, perform_async
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__)

LOCK = "SELECT pg_catalog.pg_advisory_lock_shared({})"
IS_LOCKED = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'advisory' AND l.granted
               AND l.mode = 'ShareLock' AND (l.classid::bigint, l.objid::bigint, l.objsubid) = ({high}, {low}, 1)
               AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                                 WHERE d.datname = pg_catalog.current_database()))
"""
NO_STARTUP: Mapping[str, str] = MappingProxyType({})
MOVED = "its host name or its address leads to several servers: name one, and run the same command again"


class Place:
    """Where the sessions of one command are with one database. Made empty; the first session finds it.

    ``url`` then has the one host and port, ``identity`` is who answers there, and ``pooler`` where a pooler stands
    before it: there the identity alone is asked, since a session's lock would stay with the pooler.
    """

    def __init__(self) -> None:
        self.url: DatabaseUrl | None = None
        self.identity: Identity | None = None
        self.pooler = ""
        self._key = secrets.randbits(62)
        self._finding = asyncio.Lock()

    async def connect(
        self, url: DatabaseUrl, settings: Mapping[str, str], name: str, startup: Mapping[str, str] = NO_STARTUP
    ) -> AsyncConnection:
        """Open a session of psycopg. Raises what the driver raises, and StateConflictError where it isn't there.

        ``startup`` are parameters of ``url`` that are this session's, and not the place's.
        """
        async with self._finding:
            if self.url is None:
                return await self._find(url, settings, name)
        there = replace(self.url, params={**self.url.params, **startup})
        connection = await connect_async(there, settings, name=name)
        try:
            await self._prove(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def connect_copy(self, url: DatabaseUrl, settings: Mapping[str, str], name: str) -> "asyncpg.Connection[Any]":
        """Open a session of asyncpg. Raises as `connect`."""
        if self.url is None:
            await (await self.connect(url, settings, name)).close()
        connection = await connect_copy(self.url or url, settings, name=name)
        try:
            if await connection.execute(self._share(connection.get_server_pid()).as_string(None)) != ONE_ROW:
                self._accept(await _perform_copy(connection, read_identity()))
                await connection.execute(sql.SQL(LOCK).format(self._key).as_string(None))
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def holds(self, other: "Place", connection: AsyncConnection) -> bool:
        """Tell whether ``connection``, which is here, is with the database of ``other``'s sessions too."""
        if not (self.identity and other.identity):
            return False
        if not self.identity.is_alike(other.identity):
            return False
        if self.pooler or other.pooler:
            return self.identity.started == other.identity.started
        cursor = await connection.execute(sql.SQL(IS_LOCKED).format(**other.halves))
        ((locked,),) = await cursor.fetchall()
        return bool(locked)

    async def _find(self, url: DatabaseUrl, settings: Mapping[str, str], name: str) -> AsyncConnection:
        connection = await connect_async(url, settings, name=name)
        try:
            self.identity = await perform_async(connection, read_identity())
            if not connection.pooler:
                await connection.execute(sql.SQL(LOCK).format(self._key))
            self.pooler = connection.pooler
            self.url = resolved(url, connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _prove(self, connection: AsyncConnection) -> None:
        if connection.pooler:
            self._accept(await perform_async(connection, read_identity()))
        elif not (await connection.execute(self._share(connection.info.backend_pid))).rowcount:
            await self._refuse_another_backend(connection)
            self._accept(await perform_async(connection, read_identity()))
            await connection.execute(sql.SQL(LOCK).format(self._key))

    def _accept(self, identity: Identity) -> None:
        """Take it that a session is here, though it sees no lock of ours, or raise StateConflictError."""
        differences = self.identity.differences(identity) if self.identity else []
        if differences:
            raise StateConflictError(
                f"a session reached another server than the first one did at {self.url}",
                details=tuple(differences),
                hint=MOVED,
            )
        self.identity = identity.completed_by(self.identity) if self.identity else identity

    async def _refuse_another_backend(self, connection: AsyncConnection) -> None:
        """Raise PooledError where two transactions of one session are with two processes of the server."""
        cursor = await connection.execute("SELECT pg_catalog.pg_backend_pid()")
        ((pid,),) = await cursor.fetchall()
        if pid != connection.info.backend_pid and self.url is not None:
            reason = "two transactions of one session are in two of the server's"
            raise pooler_error(self.url, reason, where=place_of(connection))

    def _share(self, pid: int) -> sql.Composed:
        return sql.SQL(queries.load("anchored")).format(key=self._key, pid=pid, **self.halves)

    @property
    def halves(self) -> dict[str, int]:
        """The number of the lock as pg_locks has it."""
        return _halves(self._key)


def is_same_database(one: "psycopg.Connection[Any]", other: "psycopg.Connection[Any]") -> bool:
    """Tell whether two sessions, both in a transaction, are with one database: one sees the lock of the other."""
    key = secrets.randbits(62)
    one.execute(sql.SQL("SELECT pg_catalog.pg_advisory_xact_lock_shared({})").format(key))
    ((locked,),) = other.execute(sql.SQL(IS_LOCKED).format(**_halves(key))).fetchall()
    return bool(locked)


async def is_same_database_async(one: AsyncConnection, other: AsyncConnection) -> bool:
    """Tell the same of two sessions of psycopg's async kind, which may be outside of a transaction."""
    key = secrets.randbits(62)
    async with one.transaction(), other.transaction():
        await one.execute(sql.SQL("SELECT pg_catalog.pg_advisory_xact_lock_shared({})").format(key))
        ((locked,),) = await (await other.execute(sql.SQL(IS_LOCKED).format(**_halves(key)))).fetchall()
    return bool(locked)


def _halves(key: int) -> dict[str, int]:
    """Return the number of an advisory lock as pg_locks has it."""
    return {"high": key >> 32, "low": key & 0xFFFFFFFF}


async def _perform_copy(connection: "asyncpg.Connection[Any]", steps: Steps[T]) -> T:
    """Run the statements, which have no parameters, in a session of asyncpg; return what the steps return."""
    statement = next(steps)
    while True:
        rows = await connection.fetch(statement.text.as_string(None))
        try:
            statement = steps.send([tuple(row) for row in rows])
        except StopIteration as stop:
            result: T = stop.value
            return result
