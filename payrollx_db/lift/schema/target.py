"""The transaction in which a schema is made: what runs in it is remembered, so that it can be shown."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors, sql

from payrollx_db.errors import StateConflictError
from payrollx_db.lift.schema.script import beginning
from payrollx_db.postgres.connect import connect, pooler_error
from payrollx_db.postgres.errors import cause
from payrollx_db.postgres.locks import MIGRATION
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.session import Endpoint, render_sql
from payrollx_db.postgres.settings import COMMON

# One snapshot for all looks at the catalog: what is new in it afterwards, this transaction has made.
SETTINGS = {**COMMON, "check_function_bodies": "off", "default_transaction_isolation": "repeatable read"}
LOCK = "SELECT pg_catalog.pg_advisory_lock({})"
UNLOCK = "SELECT pg_catalog.pg_advisory_unlock({})"
AT_ONCE = 200  # statements in one message


@dataclass
class Target:
    """An open transaction in the target database."""

    endpoint: Endpoint
    connection: SyncConnection
    statements: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        """The server's version number."""
        return self.connection.info.server_version

    def ask(self, query: sql.Composable | str, params: Any = None) -> list[tuple[Any, ...]]:
        """Run a query that changes nothing, and return its rows."""
        text: Any = sql.Composed([query]) if isinstance(query, sql.Composable) else query
        with self.endpoint.translating_errors("can't read its catalog"):
            return self.connection.execute(text, params).fetchall()

    def change(self, statement: sql.Composable | str, action: str) -> None:
        """Run a statement that changes something; ``action`` says in an error what couldn't be done."""
        text = render_sql(statement) if isinstance(statement, sql.Composable) else statement
        self.statements.append(text)
        with self.endpoint.translating_errors(action):
            self.connection.execute(text.encode())

    def change_all(self, statements: Iterable[str], doing: str = "can't run") -> None:
        """Run statements, as `change_each` does; an error says how the one begins that failed."""
        self.change_each((statement, f"{doing}: {beginning(statement)}") for statement in statements)

    def change_each(self, changes: Iterable[tuple[sql.Composable | str, str]]) -> None:
        """Run statements that change something, each given with its ``action``, as `change` does.

        Many go to the server at once. Where one fails, they are undone and run one by one, which tells which it is.
        """
        waiting = list(changes)
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            if not self._together([text for text, _ in some]):
                for statement, action in some:
                    self.change(statement, action)

    def _together(self, statements: Sequence[sql.Composable | str]) -> bool:
        """Run statements in one message; return whether that was done."""
        texts = [render_sql(text) if isinstance(text, sql.Composable) else text for text in statements]
        try:
            with self.connection.transaction():
                self.connection.execute("\n;\n".join(texts).encode())  # of its own line: a comment may end one
        except psycopg.Error as error:
            if self.connection.closed:
                raise self.endpoint.to_error(error, "the session ended") from cause(error)
            return False
        self.statements += texts
        return True

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block does, and forget its statements, where it fails."""
        count = len(self.statements)
        try:
            with self.connection.transaction():
                yield
        except BaseException:
            del self.statements[count:]
            raise


def as_written(text: str) -> sql.SQL:
    """Return as SQL what the server itself has written and quoted: an object's identity."""
    trusted: Any = text
    return sql.SQL(trusted)


@contextmanager
def session(endpoint: Endpoint) -> Iterator[SyncConnection]:
    """Open the session in which schemas are made, a transaction each. Raises TargetError and PooledError."""
    with endpoint.translating_errors("can't connect"):
        connection = connect(endpoint.url, SETTINGS, name=endpoint.application_name, autocommit=False)
    with _closing(connection):
        if connection.pooler:
            raise pooler_error(endpoint.url, "schemas are made in one transaction, with settings of its own")
        yield connection


@contextmanager
def transaction(endpoint: Endpoint, connection: SyncConnection, *, undo: bool) -> Iterator[Target]:
    """Begin a transaction, alone: migrations and other lifts wait. It is undone with ``undo``.

    The session is good for nothing more after a failure, and what isn't committed is undone when it is closed. Raises
    TargetError, and StateConflictError where another one doesn't end.
    """
    with endpoint.translating_errors("can't make the schemas"):
        _lock(connection, endpoint)
    yield Target(endpoint, connection)
    with endpoint.translating_errors("can't commit"):
        connection.rollback() if undo else connection.commit()
        connection.execute(sql.SQL(UNLOCK).format(MIGRATION.advisory.numbers))
        connection.rollback()


@contextmanager
def _closing(connection: SyncConnection) -> Iterator[None]:
    """Close the session at the end. One that isn't committed, the server undoes."""
    try:
        yield
    finally:
        connection.close()


def _lock(connection: psycopg.Connection[Any], endpoint: Endpoint) -> None:
    try:
        connection.execute(sql.SQL(LOCK).format(MIGRATION.advisory.numbers))
        connection.rollback()  # the session keeps the lock; the snapshot is taken after it
    except errors.LockNotAvailable as error:
        raise StateConflictError(
            f"a migration or another lift is at work on {endpoint.url.masked}",
            hint="wait until it has ended, then run the same command again",
        ) from cause(error)
