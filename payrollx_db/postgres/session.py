"""Sessions with both sides of a run: psycopg for statements, asyncpg for the bytes of COPY.

`connect` opens them, with the settings of `settings`; here is whom they are with, and how they are used again.
"""

import select
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import asyncpg
from psycopg import sql

from payrollx_db.errors import PayrollxError, SourceError, TargetError
from payrollx_db.postgres import errors
from payrollx_db.postgres.connect import APPLICATION_NAME, connect_async, connect_copy
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.place import Place
from payrollx_db.postgres.pooled import AsyncConnection
from payrollx_db.postgres.settings import SOURCE, TARGET
from payrollx_db.postgres.sqlstates import FORBIDDEN, NO_SUCH_DATABASE
from payrollx_db.postgres.url import DatabaseUrl

Connection = AsyncConnection
Side = Literal["source", "target"]

NAME_BYTES = 63  # of an application_name, which the server cuts there

MAY_READ = "use a role that may read every table there"
MAY_WRITE = "use a role that is a member of the tables' owner"


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One database that a run talks to: its URL, which side it is on, and what errors call it.

    ``settings`` are further session settings. ``place`` is shared by all sessions of one run: the first finds it, and
    each further one proves that it is there; without one, each finds its own. ``schemas`` are the only ones whose
    tables are looked at (``None``: all). ``writes`` is what to do where a target lets us not write, if that isn't
    to act as its tables' owner. An endpoint is equal to itself only.
    """

    url: DatabaseUrl
    side: Side
    name: str
    application_name: str = APPLICATION_NAME
    settings: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = field(default=None, repr=False)
    schemas: tuple[str, ...] | None = None
    writes: str = MAY_WRITE

    @property
    def session(self) -> dict[str, str]:
        """The settings that each session of this endpoint starts with."""
        base = SOURCE if self.side == "source" else TARGET
        return {**base, **self.settings}

    @property
    def resolved(self) -> DatabaseUrl:
        """The URL of the one place that the sessions are in, once one of them has found it; else as it was given."""
        return (self.place.url if self.place else None) or self.url

    def placed(self) -> "Endpoint":
        """Return the endpoint for one run, all of whose sessions are to be in one place."""
        return replace(self, place=Place())

    def to_error(self, error: BaseException, action: str, *, right: str = "") -> PayrollxError:
        """Return the error of this side that says what failed where, without a secret or a value of a row.

        ``action`` says what couldn't be done, and ``right`` how to get the right to it, where that is known. An error
        that the data caused, not the connection or the rights, is a FindingsError.
        """
        kind = SourceError if self.side == "source" else TargetError
        hints = {
            FORBIDDEN: right or (MAY_READ if self.side == "source" else self.writes),
            NO_SUCH_DATABASE: f"create the database, or correct the name in the URL of {self.name}",
        }
        return errors.to_error(error, f"{self._title}: {action}", self.url, kind, hints)

    @contextmanager
    def translating_errors(self, action: str, *, right: str = "") -> Iterator[None]:
        """Turn a driver's error inside into this side's; errors of our own pass through."""
        try:
            yield
        except DRIVER_ERRORS as error:
            raise self.to_error(error, action, right=right) from errors.cause(error)

    @property
    def _title(self) -> str:
        return " ".join(filter(None, (self.side, self.name, "at", self.url.masked)))  # a service file may have the name


@asynccontextmanager
async def session(endpoint: Endpoint) -> AsyncIterator[Connection]:
    """Open a psycopg session of ``endpoint``, in autocommit mode, and close it at the end of the block.

    Raises SourceError or TargetError where it can't connect. Who needs many takes them from a `SessionPool`.
    """
    connection = await connect(endpoint)
    try:
        yield connection
    finally:
        await connection.close()


async def connect(endpoint: Endpoint) -> Connection:
    """Return a new psycopg session of ``endpoint``. Raises SourceError or TargetError."""
    with endpoint.translating_errors("can't connect"):
        if endpoint.place is not None:
            return await endpoint.place.connect(endpoint.url, endpoint.session, endpoint.application_name)
        return await connect_async(endpoint.url, endpoint.session, name=endpoint.application_name)


@asynccontextmanager
async def copy_connection(endpoint: Endpoint) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Open an asyncpg session of ``endpoint``, and drop it at once where the work is cut off.

    Raises SourceError or TargetError where it can't connect.
    """
    connection = await connect_for_copy(endpoint)
    try:
        yield connection
    except BaseException as error:
        give_up(connection, error)
        raise
    await connection.close()


def give_up(connection: "asyncpg.Connection[Any]", error: BaseException) -> None:
    """Drop a session at once, after ``error``: a polite close would wait for the COPY that has just been given up."""
    # asyncpg tells by words alone that the session was lost before; the session itself knows.
    if isinstance(error, SourceError | TargetError) and not error.sqlstate and connection.is_closed():
        error.transient = True
    connection.terminate()


async def connect_for_copy(endpoint: Endpoint) -> "asyncpg.Connection[Any]":
    """Return a new asyncpg session of ``endpoint``. Raises SourceError or TargetError."""
    with endpoint.translating_errors("can't connect"):
        if endpoint.place is not None:
            return await endpoint.place.connect_copy(endpoint.url, endpoint.session, endpoint.application_name)
        return await connect_copy(endpoint.url, endpoint.session, name=endpoint.application_name)


async def run(connection: Connection, query: sql.Composable, params: Any = None) -> list[tuple[Any, ...]]:
    """Run composed SQL and return its rows, if it has any."""
    cursor = await connection.execute(sql.Composed([_escaped(query) if params else query]), params)
    return await cursor.fetchall() if cursor.description is not None else []


async def run_together(connection: Connection, queries: Sequence[sql.Composable]) -> list[list[tuple[Any, ...]]]:
    """Run composed statements in one round trip, and return the rows of each; none of those that have none.

    Those behind one that fails aren't run. What begins a transaction among them ends it too, or leaves it open.
    """
    cursor = await connection.execute(sql.SQL("; ").join(queries))
    answers: list[list[tuple[Any, ...]]] = []
    while True:
        answers.append(await cursor.fetchall() if cursor.description is not None else [])
        if not cursor.nextset():
            return answers


def _escaped(query: sql.Composable) -> sql.Composable:
    """Return SQL whose names and literals may hold a percent sign, though it is run with parameters."""
    if isinstance(query, sql.Composed):
        return sql.Composed([_escaped(part) for part in query])
    if isinstance(query, sql.Identifier | sql.Literal):
        return sql.SQL(render_sql(query).replace("%", "%%"))
    return query


def set_application_name(endpoint: Endpoint, label: str) -> sql.Composed:
    """Return the statement that gives the current transaction a name of its own in pg_stat_activity."""
    name = f"{endpoint.application_name} {label}".encode()[:NAME_BYTES].decode(errors="ignore")
    return sql.SQL("SET LOCAL application_name = {}").format(sql.Literal(name))


def render_sql(query: sql.Composable) -> str:
    """Return composed SQL as text. Identifiers and literals are quoted by libpq, UTF-8."""
    return query.as_string(None)


def has_news(connection: Connection) -> bool:
    """Tell whether the server has said something unasked to an idle session: most often, that it is ended."""
    if connection.closed:
        return True
    if not hasattr(select, "poll"):  # as on Windows, whose select takes any socket
        return bool(select.select([connection.fileno()], [], [], 0)[0])
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
