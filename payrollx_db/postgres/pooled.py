"""psycopg's connections, for sessions that may be a pooler's.

A pooler in transaction mode hands each transaction to some session of its own, which serves somebody else right
afterwards. So there our settings are given at the start of each transaction, for this transaction alone, and a
statement outside of one gets one. In a session that is ours alone none of this happens: the driver is as it is.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

OPENS_TRANSACTION = re.compile(r"\s*(begin|start\s+transaction)\b", re.IGNORECASE)


class SyncConnection(psycopg.Connection[TupleRow]):
    """A blocking connection. ``local`` has the settings of each transaction, where the session is a pooler's."""

    local: sql.Composed | None = None
    evidence = ""

    @property
    def pooler(self) -> str:
        """Where a pooler stands before the server, so that nothing may last longer than a transaction; else empty."""
        return f"{place_of(self)}{self.evidence}" if self.local is not None else ""

    def set_locally(self, settings: sql.Composed, *, evidence: str = "") -> None:
        """Give each transaction these settings from now on; ``evidence`` is what speaks for a pooler."""
        self.evidence = evidence
        self.local, self.cursor_factory = settings, PooledCursor

    @contextmanager
    def transaction(self, savepoint_name: str | None = None, force_rollback: bool = False) -> Iterator[Any]:
        """Open a transaction or a savepoint, as psycopg does."""
        begins = is_idle(self)
        with super().transaction(savepoint_name, force_rollback) as transaction:
            if begins:
                self.apply_settings()
            yield transaction

    def apply_settings(self) -> None:
        """Give the current transaction, or the one that this begins, its settings."""
        if self.local is not None:
            psycopg.Cursor(self).execute(self.local)


class AsyncConnection(psycopg.AsyncConnection[TupleRow]):
    """An asynchronous connection, as `SyncConnection` is."""

    local: sql.Composed | None = None
    evidence = ""

    @property
    def pooler(self) -> str:
        """Where a pooler stands before the server, so that nothing may last longer than a transaction; else empty."""
        return f"{place_of(self)}{self.evidence}" if self.local is not None else ""

    def set_locally(self, settings: sql.Composed, *, evidence: str = "") -> None:
        """Give each transaction these settings from now on; ``evidence`` is what speaks for a pooler."""
        self.evidence = evidence
        self.local, self.cursor_factory = settings, PooledAsyncCursor

    @asynccontextmanager
    async def transaction(self, savepoint_name: str | None = None, force_rollback: bool = False) -> AsyncIterator[Any]:
        """Open a transaction or a savepoint, as psycopg does."""
        begins = is_idle(self)
        async with super().transaction(savepoint_name, force_rollback) as transaction:
            if begins:
                await self.apply_settings()
            yield transaction

    async def apply_settings(self) -> None:
        """Give the current transaction, or the one that this begins, its settings."""
        if self.local is not None:
            await psycopg.AsyncCursor(self).execute(self.local)


class PooledCursor(psycopg.Cursor[Any]):
    """A cursor whose statements are always in a transaction with our settings."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement, as psycopg does."""
        if opens_transaction(query):
            super().execute(query, params, **options)
            _ours(self).apply_settings()
            return self
        with _transaction(_ours(self)):
            return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Run a statement for each of the parameters, as psycopg does."""
        with _transaction(_ours(self)):
            super().executemany(query, params_seq, **options)

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[psycopg.Copy]:
        """Copy, as psycopg does."""
        with _transaction(_ours(self)), super().copy(statement, params, **options) as copy:
            yield copy


class PooledAsyncCursor(psycopg.AsyncCursor[Any]):
    """A cursor whose statements are always in a transaction with our settings."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement, as psycopg does."""
        if opens_transaction(query):
            await super().execute(query, params, **options)
            await _ours_async(self).apply_settings()
            return self
        async with _async_transaction(_ours_async(self)):
            return await super().execute(query, params, **options)

    async def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Run a statement for each of the parameters, as psycopg does."""
        async with _async_transaction(_ours_async(self)):
            await super().executemany(query, params_seq, **options)

    @asynccontextmanager
    async def copy(self, statement: Any, params: Any = None, **options: Any) -> AsyncIterator[psycopg.AsyncCopy]:
        """Copy, as psycopg does."""
        async with _async_transaction(_ours_async(self)), super().copy(statement, params, **options) as copy:
            yield copy


def place_of(connection: "psycopg.Connection[Any] | psycopg.AsyncConnection[Any]") -> str:
    """Return the host and the port that a connection leads to."""
    host = connection.info.host
    return f"[{host}]:{connection.info.port}" if ":" in host else f"{host}:{connection.info.port}"


def is_idle(connection: "psycopg.Connection[Any] | psycopg.AsyncConnection[Any]") -> bool:
    """Tell whether no transaction is open."""
    return connection.info.transaction_status == TransactionStatus.IDLE


def opens_transaction(query: Any) -> bool:
    """Tell whether a statement is one that opens a transaction itself."""
    text = query.as_string(None) if isinstance(query, sql.Composable) else query
    return bool(OPENS_TRANSACTION.match(text.decode(errors="replace") if isinstance(text, bytes) else str(text)))


# -- private -------------------------------------------------------------------------------------------


@contextmanager
def _transaction(connection: SyncConnection) -> Iterator[None]:
    """Be in a transaction with our settings: in one of its own where the driver wouldn't open one by itself."""
    if not is_idle(connection):
        yield
    elif connection.autocommit:
        with connection.transaction():
            yield
    else:
        connection.apply_settings()
        yield


@asynccontextmanager
async def _async_transaction(connection: AsyncConnection) -> AsyncIterator[None]:
    if not is_idle(connection):
        yield
    elif connection.autocommit:
        async with connection.transaction():
            yield
    else:
        await connection.apply_settings()
        yield


def _ours(cursor: PooledCursor) -> SyncConnection:
    connection: Any = cursor.connection
    return connection  # type: ignore[no-any-return] # who has such a cursor is of ours


def _ours_async(cursor: PooledAsyncCursor) -> AsyncConnection:
    connection: Any = cursor.connection
    return connection  # type: ignore[no-any-return]
