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

from payrollx_db.consolidate.state.unfinished import find_unfinished, refuse_unfinished
from payrollx_db.errors import StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres import locks, query_files
from payrollx_db.postgres.errors import cause
from payrollx_db.postgres.introspect import database_query
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.sqlstates import LOCK_NOT_AVAILABLE
from payrollx_db.postgres.steps import perform
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

queries = query_files.beside(__name__)

SETTINGS = {"check_function_bodies": "off"}  # a function's body may name what is restored after it


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
        return cursor.fetchall() if cursor.description is not None else []

    def ask(self, name: str, **params: Any) -> list[tuple[Any, ...]]:
        """Run one of `queries`."""
        return self.run(queries.load(name), params or None)

    def change(self, statement: TextClause) -> None:
        """Run what migrations run, too."""
        self.alembic.execute(statement)

    def identity(self) -> tuple[str, str]:
        """Return the server's system identifier and the database's name, whatever URL leads there."""
        ((system, name, *_),) = self.run(database_query())
        return str(system), str(name)

    def keep_copies_out(self, catalog: Catalog, schema: str) -> None:
        """Keep copies out until the end of the transaction.

        Raises StateConflictError where one is at work, or began to fill ``schema`` and was interrupted.
        """
        with self.translating_errors("can't take the run's lock"):
            holder = perform(self.raw, locks.take(locks.RUN, owner=catalog.owner_role))
        if holder:
            raise StateConflictError(
                f"a copy is at work on {self.url.masked}: {holder}",
                hint="wait for it: payrollx-db status shows how far it is",
            )
        self.refuse_unfinished_run([schema])

    def refuse_unfinished_run(self, schemas: list[str]) -> None:
        """Raise StateConflictError where a copy has begun to fill these schemas, and isn't finished."""
        run = find_unfinished(self.raw, schemas)
        refuse_unfinished(run, f"{', '.join(schemas)} of {self.url.masked}", "backed up, restored or handed over")


@contextmanager
def session(url: DatabaseUrl, *, lock_for: Catalog | None = None, undo: bool = False) -> Iterator[Session]:
    """Open a session in one transaction, which is committed at the end of the block, and undone where it fails.

    With ``undo`` it is undone in any case. ``lock_for`` keeps migrations of that catalog, and other sessions like this
    one, out meanwhile. Raises TargetError where it can't connect or commit.
    """
    opening = (
        migrate.locked_connection(url, lock_for, settings=SETTINGS)
        if lock_for
        else migrate.connection(url, settings=SETTINGS)
    )
    with opening as opened:
        driver = opened.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TargetError(f"{url.masked} isn't reached by psycopg")
        opened_session = Session(url, opened, driver)
        with opened_session.translating_errors("can't commit"), opened.begin() as transaction:
            yield opened_session
            if undo:
                transaction.rollback()
