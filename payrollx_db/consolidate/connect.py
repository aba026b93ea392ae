"""Connections to both sides: psycopg for statements, asyncpg for the bytes of COPY.

Every session gets the same settings, so that a value is written and compared in one form wherever
it lies, and no name is found through ``search_path``.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import asyncpg
import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from payrollx_db.errors import FindingsError, PayrollxError, SourceError, TargetError
from payrollx_db.urls import DatabaseUrl

Connection = psycopg.AsyncConnection[TupleRow]
Side = Literal["source", "target"]

DRIVER_ERRORS = (psycopg.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
DATA_CLASSES = ("22", "23")  # SQLSTATE classes: data exception, integrity constraint violation

CONNECT_TIMEOUT = 10  # seconds; a URL's own connect_timeout wins

# `search_path`: nothing may depend on it. `TimeZone`, `DateStyle`, `IntervalStyle` and
# `extra_float_digits` decide how values turn into text. Timeouts of 0 because one statement here
# may copy or index a whole table, whatever the role's defaults are.
COMMON = {
    "search_path": "pg_catalog",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
SOURCE = COMMON | {"default_transaction_read_only": "on", "default_transaction_isolation": "repeatable read"}
# The run's own records say which tables are done, so a crash that loses the last commits loses
# their records with them; the run's last commit is made durable (state.finish_run).
TARGET = COMMON | {"synchronous_commit": "off"}


@dataclass(frozen=True)
class Endpoint:
    """One database that a run talks to: its URL, which side it is on, and what errors call it."""

    url: DatabaseUrl
    side: Side
    name: str
    application_name: str = "payrollx-db"
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def session(self) -> dict[str, str]:
        """The settings that each session of this endpoint starts with."""
        base = SOURCE if self.side == "source" else TARGET
        return base | self.settings

    def fail(self, error: Exception, doing: str) -> PayrollxError:
        """Return the error of this side that says what failed where, without a secret.

        An error that the data caused, not the connection or the rights, is a FindingsError.
        """
        what = f"{self._title}: {doing}: {self._clean(error)}"
        if (getattr(error, "sqlstate", None) or "").startswith(DATA_CLASSES):
            return FindingsError(what, hint="the data doesn't fit; mend those rows in the source")
        kind = SourceError if self.side == "source" else TargetError
        return kind(what, hint=_next_step(error, self))

    @contextmanager
    def blamed(self, doing: str) -> Iterator[None]:
        """Turn a driver's error inside into this side's; errors of our own pass through."""
        try:
            yield
        except DRIVER_ERRORS as error:
            raise self.fail(error, doing) from error

    @property
    def _title(self) -> str:
        return f"{self.side} {self.name} at {self.url.masked}"

    def _clean(self, error: Exception) -> str:
        text = " ".join((str(error) or type(error).__name__).split())
        password = self.url.params.get("password", "")
        return text.replace(password, "***") if password else text


@asynccontextmanager
async def session(endpoint: Endpoint, *, autocommit: bool = True) -> AsyncIterator[Connection]:
    """Open a psycopg session of ``endpoint``. Raises SourceError or TargetError where it can't."""
    connection = await _connect(endpoint)
    try:
        await connection.set_autocommit(autocommit)
        yield connection
    finally:
        await connection.close()


async def _connect(endpoint: Endpoint) -> Connection:
    params = {"connect_timeout": str(CONNECT_TIMEOUT)} | dict(endpoint.url.params)
    params["application_name"] = endpoint.application_name
    try:
        connection = await psycopg.AsyncConnection.connect("", **params, prepare_threshold=None)  # type: ignore[arg-type]
    except (psycopg.Error, OSError) as error:
        raise endpoint.fail(error, "can't connect") from None
    try:
        for name, value in endpoint.session.items():
            await connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
        await connection.commit()
    except psycopg.Error as error:
        await connection.close()
        raise endpoint.fail(error, "can't set up the session") from None
    return connection


async def open_pipe_end(endpoint: Endpoint) -> "asyncpg.Connection[Any]":
    """Open an asyncpg session of ``endpoint``; the caller closes it.

    Host, port, user and password are resolved by libpq first, so that service files, password files
    and environment variables mean the same for both drivers. Raises SourceError or TargetError.
    """
    params = endpoint.url.params
    ssl = {key: params[key] for key in ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl") if key in params}
    dsn = "postgresql:///?" + "&".join(f"{key}={value}" for key, value in ssl.items())
    settings = endpoint.session | {"application_name": endpoint.application_name}
    if "options" in params:
        settings["options"] = params["options"]
    try:
        return await asyncpg.connect(
            dsn,
            host=_listed(params.get("host")),
            port=_listed(params.get("port"), int),
            user=params.get("user"),
            password=params.get("password"),
            database=endpoint.url.dbname,
            passfile=params.get("passfile"),
            timeout=float(params.get("connect_timeout", CONNECT_TIMEOUT)),
            statement_cache_size=0,
            server_settings=settings,
        )
    except (asyncpg.PostgresError, OSError, ValueError, TimeoutError) as error:
        raise endpoint.fail(error, "can't connect") from None


@asynccontextmanager
async def pipe_end(endpoint: Endpoint) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Open an asyncpg session and drop it at the end, at once where the work was cut off."""
    connection = await open_pipe_end(endpoint)
    try:
        yield connection
    except BaseException:
        # A polite close would wait for the COPY that has just been given up.
        connection.terminate()
        raise
    await connection.close()


async def run(connection: Connection, query: sql.Composable, params: Any = None) -> list[tuple[Any, ...]]:
    """Run composed SQL and return its rows, if it has any."""
    cursor = await connection.execute(sql.Composed([query]), params)
    return await cursor.fetchall() if cursor.description else []


def text_of(query: sql.Composable) -> str:
    """Return composed SQL as text. Identifiers and literals are quoted by libpq, UTF-8."""
    return query.as_string(None)


def _listed(value: str | None, kind: Any = str) -> Any:
    if not value:
        return None
    parts = [kind(part) for part in value.split(",")]
    return parts if len(parts) > 1 else parts[0]


def _next_step(error: Exception, endpoint: Endpoint) -> str:
    text = str(error).lower()
    if "password authentication failed" in text or "no password supplied" in text:
        return "check the user name and the password in its URL"
    if "does not exist" in text and "database" in text:
        return f"create the database, or correct the name in the URL of {endpoint.name}"
    if "permission denied" in text or "must be owner" in text:
        return "use a role that may read every table" if endpoint.side == "source" else "use the owner of the tables"
    return "check that the server is running and that host and port are right"
