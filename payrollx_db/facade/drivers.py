"""What differs between the drivers under SQLAlchemy: how to connect, how a transaction opens, what an error says.

A transaction opens in one round trip with psycopg and pg8000: their connections are in autocommit, and ``BEGIN`` and
all ``SET LOCAL`` go out as one string. SQLAlchemy's adapter of asyncpg sends its ``BEGIN`` by itself, so there the
settings follow it as a statement of their own.
"""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from payrollx_db.errors import ConfigurationError
from payrollx_db.postgres.url import DatabaseUrl

Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

SYNC = ("psycopg", "pg8000")
ASYNC = ("psycopg", "asyncpg")
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

# What statements may have left in the session. It is taken back inside the transaction, so that it holds behind a
# pooler too.
RESET_SESSION = (
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *;"
    " SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP;"
    " DO 'DECLARE made text; BEGIN FOR made IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql"
    " LOOP EXECUTE pg_catalog.format(''DEALLOCATE %I'', made); END LOOP; END'"
)


@dataclass(frozen=True)
class TransactionSettings:
    """How a transaction opens: as which role, in which schema, and under which rules.

    ``local`` holds further settings as pairs of name and value, in force until the transaction ends.
    """

    role: str
    schema: str = ""
    isolation: Isolation | None = None
    read_only: bool = False
    local: tuple[tuple[str, str], ...] = ()

    def settings(self, login: str) -> list[tuple[str, str]]:
        """Return the settings to make for ``login``: no role where it is the role already."""
        from psycopg import sql

        role = [] if login == self.role else [("role", self.role)]
        return [*role, ("search_path", self.schema and sql.Identifier(self.schema).as_string()), *self.local]

    @property
    def modes(self) -> str:
        """The transaction's modes, as ``BEGIN`` and ``SET TRANSACTION`` take them."""
        isolation = f" ISOLATION LEVEL {self.isolation}" if self.isolation else ""
        return isolation + (" READ ONLY" if self.read_only else "")


def sync_driver(url: DatabaseUrl) -> str:
    """Return the driver for ordinary sessions: the URL's own where it is one, else psycopg."""
    return url.driver if url.driver in SYNC else "psycopg"


def async_driver(url: DatabaseUrl) -> str:
    """Return the driver for async sessions: the URL's own where it is one, else psycopg."""
    return url.driver if url.driver in ASYNC else "psycopg"


def isolation_level(driver: str) -> str | None:
    """Return the isolation level to give to SQLAlchemy's engine."""
    return None if driver == "asyncpg" else "AUTOCOMMIT"


def connect_arguments(driver: str, url: DatabaseUrl, *, application_name: str, timeout: int) -> dict[str, Any]:
    """Return what the driver's ``connect`` takes. It holds the password.

    Raises ConfigurationError where the driver knows no such parameter.
    """
    named = url.params.get("application_name") or application_name
    if driver == "psycopg":
        given = {"connect_timeout": str(timeout), **url.params, "application_name": named}
        return {**given, "prepare_threshold": None} if url.pgbouncer else given
    wait = int(url.params.get("connect_timeout", timeout))
    if driver == "asyncpg":
        return _asyncpg(url, named, wait)
    return _pg8000(url, named, wait)


def opens(driver: str, connection: Any, opening: TransactionSettings, login: str) -> None:
    """Open a transaction on a DBAPI connection. Raises the driver's own errors."""
    if driver != "asyncpg":
        runs(driver, connection, _script(opening, login))
        return
    cursor = connection.cursor()
    if opening.modes:
        cursor.execute(f"SET TRANSACTION{opening.modes}")
    cursor.execute(_as_query(opening, login))


def switches(driver: str, connection: Any, opening: TransactionSettings) -> None:
    """Go on in the open transaction as another role. Raises the driver's own errors."""
    runs(driver, connection, "; ".join(_local(name, value) for name, value in opening.settings("")))


def acts(driver: str, connection: Any, opening: TransactionSettings) -> None:
    """Make sure of the role in the open transaction, after what may have changed it. Raises the driver's own errors."""
    runs(driver, connection, _local("role", opening.role))


def closes(connection: Any) -> None:
    """Close a DBAPI connection of pg8000, and what it leaves open where the server is gone. Raises pg8000's own errors.

    Its stream still holds the farewell that couldn't be sent, and the socket with it, until it is collected; Python
    3.13 says so on stderr.
    """
    stream = getattr(connection, "_sock", None)
    try:
        connection.close()
    finally:
        if stream is not None:
            with suppress(OSError):
                stream.close()


def runs(driver: str, connection: Any, script: str) -> None:
    """Run statements without parameters or results on a DBAPI connection, in one round trip."""
    if hasattr(connection, "run_async"):
        options = {} if driver == "asyncpg" else {"prepare": False}
        connection.run_async(lambda real: real.execute(script, **options))
    elif driver == "psycopg":
        result = connection.pgconn.exec_(script.encode())  # a cursor would take as long as the server does
        if result.error_message:
            from psycopg.errors import error_from_result

            raise error_from_result(result)
    else:
        connection.cursor().execute(script)


def is_open(driver: str, connection: Any) -> bool:
    """Tell whether a DBAPI connection is in a transaction, as the server last said; also where it is lost since."""
    if driver == "pg8000":
        return bool(connection._transaction_status != b"I")  # noqa: SLF001 - it has no other way to tell
    real = getattr(connection, "driver_connection", connection)
    if driver == "asyncpg":
        return bool(real.is_closed() or real.is_in_transaction())
    return bool(real.pgconn.transaction_status)  # IDLE is 0


def failures(driver: str, dialect: Any) -> tuple[type[Exception], ...]:
    """Return what the functions of this module raise where the server refuses or is gone."""
    if driver != "asyncpg":
        return (dialect.loaded_dbapi.Error,)
    import asyncpg

    return dialect.loaded_dbapi.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError


def login(driver: str, connection: Any) -> str:
    """Return who has logged in on a new DBAPI connection."""
    if driver == "pg8000":
        connection._usock.settimeout(None)  # noqa: SLF001 - else no statement may take longer than connecting may
    cursor = connection.cursor()
    cursor.execute("SELECT session_user")
    (name,) = cursor.fetchone()
    cursor.close()
    if isolation_level(driver) is None:
        connection.rollback()
    return str(name)


def sqlstate(error: BaseException | None) -> str:
    """Return the SQLSTATE of a driver's error, or an empty string."""
    if error is None:
        return ""
    fields = error.args[0] if error.args and isinstance(error.args[0], Mapping) else {}  # pg8000's
    return str(getattr(error, "sqlstate", None) or fields.get("C") or "")


def said(error: BaseException | None) -> str:
    """Return the server's message alone, without context or detail (which may hold values of rows)."""
    if error is None:
        return ""
    if error.args and isinstance(error.args[0], Mapping):
        return str(error.args[0].get("M", ""))
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    lines = str(primary or error).strip().splitlines() or [""]
    return lines[0].rpartition(">: ")[2]  # asyncpg's adapter puts the class before it


@lru_cache(maxsize=256)
def _script(opening: TransactionSettings, login: str) -> str:
    return "; ".join([f"BEGIN{opening.modes}", *(_local(name, value) for name, value in opening.settings(login))])


@lru_cache(maxsize=256)
def _as_query(opening: TransactionSettings, login: str) -> str:
    from psycopg import sql

    calls = [
        sql.SQL("pg_catalog.set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value)).as_string()
        for name, value in opening.settings(login)
    ]
    return "SELECT " + ", ".join(calls)


def _local(name: str, value: str) -> str:
    from psycopg import sql

    if name == "search_path":  # a list of names, not one string
        return f"SET LOCAL search_path TO {value}" if value else "SET LOCAL search_path TO ''"
    return sql.SQL("SET LOCAL {} TO {}").format(sql.SQL(name), sql.Literal(value)).as_string()


def _asyncpg(url: DatabaseUrl, application_name: str, timeout: int) -> dict[str, Any]:
    known = _only(url, "asyncpg", {"sslmode"})
    made: dict[str, Any] = {"timeout": timeout, "server_settings": {"application_name": application_name}}
    if "sslmode" in known:
        made["ssl"] = known["sslmode"]
    if url.pgbouncer:
        made |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": str}
    return _place(url, "host", "database") | made


def _pg8000(url: DatabaseUrl, application_name: str, timeout: int) -> dict[str, Any]:
    mode = _only(url, "pg8000", {"sslmode"}).get("sslmode", "prefer")
    made: dict[str, Any] = {"timeout": timeout, "application_name": application_name}
    if mode in ("require", "verify-ca", "verify-full"):
        context = ssl.create_default_context()
        context.check_hostname = mode == "verify-full"
        context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
        made["ssl_context"] = context
    place = _place(url, "host", "database")
    if str(place.get("host", "")).startswith("/"):
        made["unix_sock"] = f"{place.pop('host')}/.s.PGSQL.{place.pop('port', 5432)}"
    return place | made


def _place(url: DatabaseUrl, host: str, database: str) -> dict[str, Any]:
    names = {"host": host, "port": "port", "user": "user", "password": "password"}
    made: dict[str, Any] = {new: url.params[old] for old, new in names.items() if old in url.params}
    if "port" in made:
        made["port"] = int(made["port"])
    return made | {database: url.dbname}


def _only(url: DatabaseUrl, driver: str, known: set[str]) -> Mapping[str, str]:
    common = {"host", "port", "user", "password", "dbname", "application_name", "connect_timeout"}
    for name in url.params:
        if name not in common | known:
            raise ConfigurationError(
                f'{driver} has no parameter "{name}", which the URL {url} names',
                hint="remove it from the URL, or write postgresql+psycopg://",
            )
    if "," in url.params.get("host", ""):
        raise ConfigurationError(f"{driver} takes one host: {url}", hint="write postgresql+psycopg:// for several")
    mode = url.params.get("sslmode", "prefer")
    if mode not in SSL_MODES:
        raise ConfigurationError(f"{mode} is no sslmode", hint=f"it is one of {', '.join(SSL_MODES)}")
    return {name: url.params[name] for name in known if name in url.params}
