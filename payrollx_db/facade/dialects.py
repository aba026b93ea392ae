"""One guarded dialect for each driver, under names of their own: ``postgresql+payrollx_psycopg`` and the like."""

import select
import selectors
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import asyncpg, pg8000, psycopg

from payrollx_db.facade.compiler import AsyncpgCompiler, Pg8000Compiler, PsycopgCompiler
from payrollx_db.facade.guard import GuardedDialect
from payrollx_db.facade.transaction_settings import TransactionSettings, begin_query


class GuardedPsycopg(GuardedDialect, psycopg.PGDialect_psycopg):
    """psycopg, for ordinary sessions."""

    supports_statement_cache = True
    statement_compiler = PsycopgCompiler

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type["GuardedPsycopgAsync"]:
        """Return the class for async engines."""
        del url
        return GuardedPsycopgAsync

    def execute_script(self, connection: Any, script: str) -> None:
        """Run statements; a cursor would take as long as the server does.

        It waits outside of libpq, so that a signal is heard where a server has gone silent.
        """
        pgconn, failed = connection.pgconn, None
        pgconn.send_query(script.encode())
        wait = _waiter(pgconn.socket)
        while True:
            while pgconn.is_busy():
                wait()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                break
            failed = failed or (result if result.error_message else None)
        if failed:
            from psycopg.errors import error_from_result

            raise error_from_result(failed)

    def is_open(self, connection: Any) -> bool:
        """Ask libpq, which keeps the server's last word."""
        return bool(connection.pgconn.transaction_status)  # IDLE is 0


class GuardedPsycopgAsync(GuardedDialect, psycopg.PGDialectAsync_psycopg):
    """psycopg, for async sessions."""

    supports_statement_cache = True
    statement_compiler = PsycopgCompiler

    def execute_script(self, connection: Any, script: str) -> None:
        """Run statements on the driver's own connection."""
        connection.run_async(lambda real: real.execute(script, prepare=False))

    def is_open(self, connection: Any) -> bool:
        """Ask libpq, which keeps the server's last word."""
        return bool(connection.driver_connection.pgconn.transaction_status)


class GuardedPg8000(GuardedDialect, pg8000.PGDialect_pg8000):
    """pg8000."""

    supports_statement_cache = True
    statement_compiler = Pg8000Compiler

    def execute_script(self, connection: Any, script: str) -> None:
        """Run statements by the simple protocol."""
        connection.cursor().execute(script)

    def is_open(self, connection: Any) -> bool:
        """Ask pg8000, which keeps the server's last word."""
        return bool(connection._transaction_status != b"I")  # noqa: SLF001 - it has no other way to tell

    def login_of(self, connection: Any) -> str:
        """Return who has logged in, and lift the limit of connecting: else no statement may take longer."""
        connection._usock.settimeout(None)  # noqa: SLF001
        return super().login_of(connection)

    def do_close(self, dbapi_connection: Any) -> None:
        """Close a connection, and what pg8000 leaves open where the server is gone. Raises pg8000's own errors.

        Its stream still holds the farewell that couldn't be sent, and the socket with it, until it is collected;
        Python 3.13 says so on stderr.
        """
        stream = getattr(dbapi_connection, "_sock", None)
        try:
            dbapi_connection.close()
        finally:
            if stream is not None:
                with suppress(OSError):
                    stream.close()


class GuardedAsyncpg(GuardedDialect, asyncpg.PGDialect_asyncpg):
    """asyncpg. SQLAlchemy's adapter begins and ends its transactions, with the first statement and by itself."""

    supports_statement_cache = True
    statement_compiler = AsyncpgCompiler

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What SQLAlchemy's adapter raises, and what asyncpg does behind it."""
        from asyncpg import InterfaceError, PostgresError

        return self.loaded_dbapi.Error, PostgresError, InterfaceError, OSError

    def execute_script(self, connection: Any, script: str) -> None:
        """Run statements on the driver's own connection."""
        connection.run_async(lambda real: real.execute(script))

    def is_open(self, connection: Any) -> bool:
        """Ask asyncpg, which keeps the server's last word."""
        real = connection.driver_connection
        return bool(real.is_closed() or real.is_in_transaction())

    def begin(self, connection: Any, settings: TransactionSettings, login: str, *, again: bool = False) -> None:
        """Let the adapter begin, and make the settings with a query."""
        if again:
            connection.rollback()
        cursor = connection.cursor()
        if settings.modes:
            cursor.execute(f"SET TRANSACTION{settings.modes}")
        cursor.execute(begin_query(settings, login))

    def login_of(self, connection: Any) -> str:
        """Return who has logged in, and end the transaction that the question has begun."""
        login = super().login_of(connection)
        connection.rollback()
        return login


def _waiter(socket: int) -> Callable[[], object]:
    """Return what waits until there is something to read on ``socket``, or a signal's handler raises."""
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(socket, select.POLLIN)
        return poller.poll
    selector = selectors.DefaultSelector()  # Windows has no poll
    selector.register(socket, selectors.EVENT_READ)
    return selector.select


_CLASSES = {"psycopg": GuardedPsycopg, "pg8000": GuardedPg8000, "asyncpg": GuardedAsyncpg}


def scheme(driver: str) -> str:
    """Return what a URL of SQLAlchemy begins with for the guarded dialect of ``driver``."""
    return f"postgresql+payrollx_{driver}"


for _driver, _class in _CLASSES.items():
    registry.register(f"postgresql.payrollx_{_driver}", __name__, _class.__name__)
