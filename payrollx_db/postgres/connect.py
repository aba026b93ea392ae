"""The one way to a server: psycopg for statements, with or without asyncio, and asyncpg for the bytes of COPY.

A session is opened bare, and then asked whether the server's process is the one that the driver was told: a pooler
makes up that number. Where it is, the same statement gives the session its settings, for as long as it lasts. Where a
pooler stands between, or the URL says so, each transaction gets them for itself (see `pooled`).

libpq hands out the words of a server that refuses a session, and not their SQLSTATE. So where psycopg is refused,
asyncpg asks once more, and the error carries the code that it gets.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import asyncpg
import psycopg
from psycopg import sql

from payrollx_db.errors import PooledError
from payrollx_db.postgres import settings as session_settings
from payrollx_db.postgres.pooled import AsyncConnection, SyncConnection
from payrollx_db.postgres.resolve import refused_place
from payrollx_db.postgres.url import DatabaseUrl

APPLICATION_NAME = "payrollx-db"
CONNECT_TIMEOUT = 10  # seconds; a URL's own connect_timeout wins
ACCEPTED = "00000"
SAID = " (the URL says pgbouncer=true)"
ONE_ROW = "SELECT 1"  # as the server counts what a statement returned
TLS = (
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "sslnegotiation",
    "ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib",
)  # fmt: skip


def connect(
    url: DatabaseUrl, settings: Mapping[str, str], *, name: str = "", autocommit: bool = True
) -> SyncConnection:
    """Open a session with ``settings``. Raises psycopg's errors; a refusal has its SQLSTATE.

    ``name`` is what pg_stat_activity calls it: ``payrollx-db`` unless the URL says otherwise.
    """
    params = _libpq(url, name)
    try:
        connection = _open(params)
    except psycopg.OperationalError as error:
        if not note_refusal(error, url, settings):
            raise
        connection = _open(params)
    try:
        known = session_settings.for_version(settings, connection.info.server_version)
        if url.pgbouncer or not connection.execute(_for_session(connection, known)).rowcount:
            connection.set_locally(session_settings.of_transaction(known), evidence=SAID if url.pgbouncer else "")
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


async def connect_async(url: DatabaseUrl, settings: Mapping[str, str], *, name: str = "") -> AsyncConnection:
    """Open a session in autocommit mode, as `connect` does."""
    params = _libpq(url, name)
    try:
        connection = await _open_async(params)
    except psycopg.OperationalError as error:
        if not _note(error, await _refusal(refused_place(url, error), settings) if _answered(error) else ""):
            raise
        connection = await _open_async(params)
    try:
        known = session_settings.for_version(settings, connection.info.server_version)
        if url.pgbouncer or not (await connection.execute(_for_session(connection, known))).rowcount:
            connection.set_locally(session_settings.of_transaction(known), evidence=SAID if url.pgbouncer else "")
    except BaseException:
        await connection.close()
        raise
    return connection


async def connect_copy(url: DatabaseUrl, settings: Mapping[str, str], *, name: str = "") -> "asyncpg.Connection[Any]":
    """Open a session of asyncpg with ``settings``. Raises asyncpg's errors, OSError and TimeoutError.

    Rows go through it for as long as a table takes, so it is a server's own: PooledError where a pooler stands between.
    """
    params = url.params
    given = {"application_name": _named(url, name)}
    given |= {key: params[key] for key in ("options", "replication") if key in params}
    connection = await asyncpg.connect(
        "postgresql:///?" + urlencode({key: params[key] for key in TLS if key in params}),
        host=_asyncpg_host(url),
        port=_listed(params.get("port"), int),
        user=params.get("user"),
        password=params.get("password"),
        database=url.dbname or None,
        passfile=params.get("passfile"),
        timeout=float(params.get("connect_timeout", CONNECT_TIMEOUT)),
        statement_cache_size=0,
        server_settings=given,
    )
    try:
        known = session_settings.for_version(settings, connection.get_server_version().major * 10_000)
        asked = session_settings.of_session(known, connection.get_server_pid()).as_string(None)
        direct = not url.pgbouncer and await connection.execute(asked) == ONE_ROW
    except BaseException:
        connection.terminate()
        raise
    if not direct:
        connection.terminate()
        raise pooler_error(url, "rows can't be carried through it")
    return connection


def renew(connection: SyncConnection, settings: Mapping[str, str]) -> None:
    """Make a session in autocommit mode as `connect` had opened it, whatever its transactions have left in it.

    Not for a pooler's: those are somebody else's as well. Raises psycopg's errors.
    """
    connection.execute("DISCARD ALL")
    connection.execute(_for_session(connection, session_settings.for_version(settings, connection.info.server_version)))


def pooler_error(url: DatabaseUrl, reason: str, *, where: str = "") -> PooledError:
    """Return the error that says that a pooler stands before the server, and why that won't do."""
    hint = "connect to the server directly: give the URL of Postgres itself"
    if url.pgbouncer:
        hint += "; if that is what this URL leads to, take pgbouncer=true out of it"
    return PooledError(f"a pooler stands at {where or url.masked}: {reason}", hint=hint)


def note_refusal(error: psycopg.OperationalError, url: DatabaseUrl, settings: Mapping[str, str]) -> bool:
    """Give psycopg's error of a refused session its SQLSTATE; tell whether the server would let us in by now."""
    return _note(error, refusal(refused_place(url, error), settings) if _answered(error) else "")


def refusal(url: DatabaseUrl, settings: Mapping[str, str]) -> str:
    """Return the SQLSTATE with which the server refuses a session: empty where it doesn't answer at all.

    ``00000``, successful completion, is that it lets us in, now.
    """
    with ThreadPoolExecutor(1) as pool:  # this thread may have a loop of its own that runs
        return pool.submit(asyncio.run, _refusal(url, settings)).result()


# -- private -------------------------------------------------------------------------------------------


async def _refusal(url: DatabaseUrl, settings: Mapping[str, str]) -> str:
    try:
        connection = await connect_copy(url, settings)
    except asyncpg.PostgresError as error:
        return error.sqlstate or ""
    except PooledError:
        return ACCEPTED
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError):
        return ""
    await connection.close()
    return ACCEPTED


def _answered(error: psycopg.OperationalError) -> bool:
    """Tell whether to ask again: not where nobody answered in time, which would take the same time anew."""
    return not isinstance(error, psycopg.errors.ConnectionTimeout)


def _note(error: psycopg.OperationalError, state: str) -> bool:
    """Give an error the SQLSTATE that it lacks; tell whether there is none, since the server lets us in by now."""
    if state == ACCEPTED:
        return True
    error.sqlstate = error.sqlstate or state or None
    return False


def _libpq(url: DatabaseUrl, name: str) -> dict[str, str]:
    return {
        "connect_timeout": str(CONNECT_TIMEOUT),
        **url.params,
        "application_name": _named(url, name),
        "client_encoding": "UTF8",
    }


def _for_session(connection: SyncConnection | AsyncConnection, settings: Mapping[str, str]) -> sql.Composed:
    return session_settings.of_session(settings, connection.info.backend_pid)


# Nothing is prepared: a file of several statements, run for the sixth time, would be, and refused.


def _open(params: Mapping[str, str]) -> SyncConnection:
    given: dict[str, Any] = dict(params)
    return SyncConnection.connect("", **given, autocommit=True, prepare_threshold=None)


async def _open_async(params: Mapping[str, str]) -> AsyncConnection:
    given: dict[str, Any] = dict(params)
    return await AsyncConnection.connect("", **given, autocommit=True, prepare_threshold=None)


def _named(url: DatabaseUrl, name: str) -> str:
    return name or url.params.get("application_name", APPLICATION_NAME)


def _asyncpg_host(url: DatabaseUrl) -> Any:
    """Return what asyncpg connects to: the address, where there is one, unless the certificate is to have the name."""
    address = url.params.get("hostaddr")
    if address and url.params.get("sslmode") != "verify-full":
        return _listed(address)
    return _listed(url.params.get("host")) or _listed(address)


def _listed(value: str | None, kind: Any = str) -> Any:
    if not value:
        return None
    parts = [kind(part) for part in value.split(",")]
    return parts if len(parts) > 1 else parts[0]
