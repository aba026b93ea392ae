"""Connections to both sides: psycopg for statements, asyncpg for the bytes of COPY.

Every session gets the same settings, so that a value is written and compared in one form wherever
it lies, and no name is found through ``search_path``.
"""

import re
import select
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import asyncpg
import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from payrollx_db.errors import FindingsError, PayrollxError, SourceError, TargetError
from payrollx_db.postgres.url import DatabaseUrl

Connection = psycopg.AsyncConnection[TupleRow]
Side = Literal["source", "target"]

DRIVER_ERRORS = (
    psycopg.Error, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError,
)  # fmt: skip
DATA_CLASSES = ("22", "23")  # SQLSTATE classes: data exception, integrity constraint violation

LOCK_NOT_AVAILABLE, QUERY_CANCELED = "55P03", "57014"
NEXT_STEPS = {
    LOCK_NOT_AVAILABLE: "end the session that holds the lock, or allow more time with --lock-timeout, and run it again",
    QUERY_CANCELED: "somebody cancelled it, or --statement-timeout is too short; then run the same command again",
}
# What may go well a moment later, beside class 08: serialization (a standby's recovery conflict), deadlock,
# too many connections, and the three ways in which a server ends or refuses sessions while it stops or starts.
TRANSIENT = ("40001", "40P01", "53300", "57P01", "57P02", "57P03")
# The same where libpq gives words only, and those of a session that was ended.
NOT_YET = (
    "starting up", "shutting down", "in recovery mode", "not yet accepting", "too many c", "remaining connection slots",
    "terminating connection",
)  # fmt: skip

NAME_BYTES = 63  # of an application_name, which the server cuts there
CONNECT_TIMEOUT = 10  # seconds; a URL's own connect_timeout wins

# `jit`: compiling a query of dozens of casts costs more than it saves on a scan of less than millions of rows.
# `search_path`: nothing may depend on it. `TimeZone`, `DateStyle`, `IntervalStyle` and
# `extra_float_digits` decide how values turn into text. Timeouts of 0 because one statement here
# may copy or index a whole table, whatever the role's defaults are. `lock_timeout`: so that none waits for ever
# behind another's exclusive lock, with others' statements queueing behind it. `client_connection_check_interval`: when
# this process is killed, the server gives up its statements, and with them their locks, before the next
# run asks for those (load.LOCK_TIMEOUT), not when an index of an hour is built. `max_parallel_workers_per_gather`:
# --jobs says how much is done at once; workers beside it take more than asked for, and hashing by groups takes a
# fifth more of the processor with them.
COMMON = {
    "search_path": "pg_catalog",
    "jit": "off",
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "row_security": "off",  # rows that a policy of the table would hide are an error, not a loss
    "client_connection_check_interval": "2s",
    "max_parallel_workers_per_gather": "0",
    "lock_timeout": "30s",
}
# Unknown to older servers, and there all the same where a role or a database has it: a copy would be cut off.
TIMED = 170_000
SINCE_17 = {"transaction_timeout": "0"}
SOURCE = COMMON | {"default_transaction_read_only": "on", "default_transaction_isolation": "repeatable read"}
# The run's own records say which tables are done, so a crash that loses the last commits loses
# their records with them; the run's last commit is made durable (state.finish_run).
TARGET = COMMON | {"synchronous_commit": "off"}


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One database that a run talks to: its URL, which side it is on, and what errors call it.

    ``settings`` are further session settings. An endpoint is equal to itself only.
    """

    url: DatabaseUrl
    side: Side
    name: str
    application_name: str = "payrollx-db"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def session(self) -> dict[str, str]:
        """The settings that each session of this endpoint starts with."""
        base = SOURCE if self.side == "source" else TARGET
        return {**base, **self.settings}

    def to_error(self, error: Exception, doing: str) -> PayrollxError:
        """Return the error of this side that says what failed where, without a secret.

        An error that the data caused, not the connection or the rights, is a FindingsError.
        """
        if (getattr(error, "sqlstate", None) or "").startswith(DATA_CLASSES):
            what = f"{self._title}: {doing}: {_without_values(error)}"
            return FindingsError(what, hint="the data doesn't fit; mend those rows in the source")
        what = f"{self._title}: {doing}: {self._clean(error)}"
        kind = SourceError if self.side == "source" else TargetError
        failure = kind(what, hint=_next_step(error, self))
        failure.sqlstate = getattr(error, "sqlstate", None) or ""
        failure.transient = is_transient(error)
        return failure

    @contextmanager
    def translating_errors(self, doing: str) -> Iterator[None]:
        """Turn a driver's error inside into this side's; errors of our own pass through."""
        try:
            yield
        except DRIVER_ERRORS as error:
            raise self.to_error(error, doing) from error

    @property
    def _title(self) -> str:
        return f"{self.side} {self.name} at {self.url.masked}"

    def _clean(self, error: Exception) -> str:
        text = " ".join((str(error) or type(error).__name__).split())
        password = self.url.params.get("password", "")
        # As a word only: a password of one letter must not eat the letters of the message.
        return re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", "***", text) if password else text


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
    params = {"connect_timeout": str(CONNECT_TIMEOUT)} | dict(endpoint.url.params)
    params["application_name"] = endpoint.application_name
    with endpoint.translating_errors("can't connect"):
        connection = await psycopg.AsyncConnection.connect("", **params, autocommit=True, prepare_threshold=None)  # type: ignore[arg-type]
    try:
        with endpoint.translating_errors("can't set up the session"):
            await connection.execute(setting_up(endpoint.session, connection.info.server_version))
    except BaseException:
        await connection.close()
        raise
    return connection


@asynccontextmanager
async def copy_connection(endpoint: Endpoint) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Open an asyncpg session of ``endpoint``, and drop it at once where the work is cut off.

    Raises SourceError or TargetError where it can't connect.
    """
    connection = await connect_for_copy(endpoint)
    try:
        yield connection
    except BaseException:
        # A polite close would wait for the COPY that has just been given up.
        connection.terminate()
        raise
    await connection.close()


async def connect_for_copy(endpoint: Endpoint) -> "asyncpg.Connection[Any]":
    """Return a new asyncpg session of ``endpoint``. Raises SourceError or TargetError."""
    params = endpoint.url.params
    ssl = {key: params[key] for key in ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl") if key in params}
    settings = endpoint.session | {"application_name": endpoint.application_name}
    if "options" in params:
        settings["options"] = params["options"]
    with endpoint.translating_errors("can't connect"):
        connection = await asyncpg.connect(
            "postgresql:///?" + urlencode(ssl),
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
    try:
        if connection.get_server_version().major >= TIMED // 10_000:
            with endpoint.translating_errors("can't set up the session"):
                await connection.execute("SET transaction_timeout = 0")
    except BaseException:  # also where it is cancelled: nobody else would close it
        connection.terminate()
        raise
    return connection


def setting_up(settings: Mapping[str, str], version: int) -> sql.Composed:
    """Return the query that makes ``settings`` in a session of a server of ``version``, a number such as 170004."""
    pairs = {**settings, **(SINCE_17 if version >= TIMED else {})}.items()
    calls = [sql.SQL("pg_catalog.set_config({}, {}, false)").format(*pair) for pair in pairs]
    return sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls))


async def run(connection: Connection, query: sql.Composable, params: Any = None) -> list[tuple[Any, ...]]:
    """Run composed SQL and return its rows, if it has any."""
    cursor = await connection.execute(sql.Composed([query]), params)
    return await cursor.fetchall() if cursor.description is not None else []


def set_application_name(endpoint: Endpoint, label: str) -> sql.Composed:
    """Return the statement that gives the current transaction a name of its own in pg_stat_activity."""
    name = f"{endpoint.application_name} {label}".encode()[:NAME_BYTES].decode(errors="ignore")
    return sql.SQL("SET LOCAL application_name = {}").format(sql.Literal(name))


def render_sql(query: sql.Composable) -> str:
    """Return composed SQL as text. Identifiers and literals are quoted by libpq, UTF-8."""
    return query.as_string(None)


def _listed(value: str | None, kind: Any = str) -> Any:
    if not value:
        return None
    parts = [kind(part) for part in value.split(",")]
    return parts if len(parts) > 1 else parts[0]


def _without_values(error: Exception) -> str:
    """Return the server's main line, up to the value that it quotes. Its DETAIL would show keys, or whole rows."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else str(error.args[0])
    return (primary or type(error).__name__).partition(': "')[0]


def is_transient(error: BaseException) -> bool:
    """Tell whether an error is of the connection or the moment, so that the same may go well when it is tried again.

    Refused logins, missing databases and whatever the data causes are not.
    """
    state = getattr(error, "sqlstate", None)
    if state:
        return state in TRANSIENT or state.startswith("08")
    if isinstance(error, psycopg.OperationalError):  # libpq hides the state of a refused login: its words tell
        text = str(error)
        return "FATAL" not in text or any(words in text for words in NOT_YET)
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error)
    if isinstance(error, asyncpg.InternalClientError):  # a session that was cut off in the middle of something
        return True
    return isinstance(error, OSError) and not isinstance(error, FileNotFoundError | PermissionError)


def has_news(connection: Connection) -> bool:
    """Tell whether the server has said something unasked to an idle session: most often, that it is ended."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _next_step(error: Exception, endpoint: Endpoint) -> str:
    text = str(error).lower()
    if "password authentication failed" in text or "no password supplied" in text:
        return "check the user name and the password in its URL"
    if "does not exist" in text and "database" in text:
        return f"create the database, or correct the name in the URL of {endpoint.name}"
    if "permission denied" in text or "must be owner" in text:
        reader = "use a role that may read every table there"
        return reader if endpoint.side == "source" else "use a role that is a member of the tables' owner"
    state = getattr(error, "sqlstate", None) or "08"
    if state in NEXT_STEPS:
        return NEXT_STEPS[state]
    if state.startswith(("08", "57P")):  # none: it never answered
        return "check that the server is running and that host and port are right, then run the same command again"
    return "set PAYROLLX_DEBUG=1 to see where it happened"
