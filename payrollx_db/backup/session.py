"""A session with one database: Alembic's connection and, beneath it, psycopg's, in the same transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import DBAPIError

from payrollx_db.consolidate.state import store
from payrollx_db.errors import StateConflictError, TargetError
from payrollx_db.postgres import query_files
from payrollx_db.postgres.errors import cause
from payrollx_db.postgres.introspect import database_query
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.sqlstates import LOCK_NOT_AVAILABLE
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

queries = query_files.beside(__name__)

SETTINGS = {"check_function_bodies": "off"}  # a function's body may name what is restored after it
RUN_LOCK = "SELECT pg_catalog.pg_try_advisory_xact_lock(%s, %s)"


@dataclass(frozen=True)
class Session:
    """An open transaction: its URL, SQLAlchemy's connection for Alembic, psycopg's for everything else."""

    url: DatabaseUrl
    alembic: Connection
    raw: psycopg.Connection[TupleRow]

    @property
    def endpoint(self) -> Endpoint:
        """The database as errors name it."""
        return Endpoint(self.url, "target", self.url.dbname)

    @contextmanager
    def translating_errors(self, action: str) -> Iterator[None]:
        """Turn a driver's error inside into one that names the database; errors of our own pass through."""
        try:
            yield
        except (DBAPIError, psycopg.Error) as error:
            failure = self.endpoint.to_error(error, action)
            if failure.sqlstate == LOCK_NOT_AVAILABLE:
                failure.hint = "end the session that holds the lock, or wait for it; then run the same command again"
            raise failure from cause(error)

    def run(self, statement: sql.Composable | str, params: Any = None) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, if it has any."""
        query: Any = sql.Composed([statement]) if isinstance(statement, sql.Composable) else statement
        cursor = self.raw.execute(query, params)
        return cursor.fetchall() if cursor.description else []

    def ask(self, name: str, **params: Any) -> list[tuple[Any, ...]]:
        """Run one of `queries`."""
        return self.run(queries.load(name), params or None)

    def change(self, statement: TextClause) -> None:
        """Run what migrations run, too."""
        self.alembic.execute(statement)

    def identity(self) -> tuple[str, str]:
        """Return the server's system identifier and the database's name, whatever URL leads there."""
        (found,) = self.run(database_query())
        return str(found[0]), str(found[1])

    def refuse_unfinished_copy(self, schema: str) -> None:
        """Raise StateConflictError where a copy is at work, or was cut off with ``schema``'s indexes down."""
        if not self.run(RUN_LOCK, (store.LOCK_CLASS, store.LOCK_OBJECT))[0][0]:
            raise StateConflictError(
                f"a copy is at work on {self.url.masked}", hint="wait for it: payrollx-db status shows how far it is"
            )
        self.refuse_taken_down([schema])

    def refuse_taken_down(self, schemas: list[str]) -> None:
        """Raise StateConflictError where a copy has taken indexes or keys of these schemas down."""
        if not self.run("SELECT pg_catalog.to_regclass('payrollx_meta.objects') IS NOT NULL")[0][0]:
            return
        if down := [name for (name,) in self.ask("unfinished", schemas=schemas)]:
            raise StateConflictError(
                f"a copy into {self.url.masked} isn't finished: the indexes of {', '.join(down)} are down",
                hint="finish it with payrollx-db copy",
            )


@contextmanager
def session(url: DatabaseUrl, *, locked: bool = False) -> Iterator[Session]:
    """Open a session in one transaction, which is committed at the end of the block, and undone where it fails.

    ``locked`` keeps migrations, and other sessions like this one, out meanwhile. Raises TargetError where it
    can't connect or commit.
    """
    opening = migrate.locked_connection if locked else migrate.connection
    with opening(url, settings=SETTINGS) as opened:
        driver = opened.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TargetError(f"{url.masked} isn't reached by psycopg")
        opened_session = Session(url, opened, driver)
        with opened_session.translating_errors("can't commit"), opened.begin():
            yield opened_session
