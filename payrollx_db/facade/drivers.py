"""Which driver a URL asks for, and what connecting takes with each."""

import ssl
from collections.abc import Mapping
from typing import Any

from payrollx_db.errors import ConfigurationError
from payrollx_db.postgres.url import DatabaseUrl

SYNC = ("psycopg", "pg8000")
ASYNC = ("psycopg", "asyncpg")
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


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


# -- private ------------------------------------------------------------------------------------------


def _asyncpg(url: DatabaseUrl, application_name: str, timeout: int) -> dict[str, Any]:
    parameters = _only(url, "asyncpg", {"sslmode"})
    arguments: dict[str, Any] = {"timeout": timeout, "server_settings": {"application_name": application_name}}
    if "sslmode" in parameters:
        arguments["ssl"] = parameters["sslmode"]
    if url.pgbouncer:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,
        }
    return _place(url, "host", "database") | arguments


def _pg8000(url: DatabaseUrl, application_name: str, timeout: int) -> dict[str, Any]:
    mode = _only(url, "pg8000", {"sslmode"}).get("sslmode", "prefer")
    arguments: dict[str, Any] = {"timeout": timeout, "application_name": application_name}
    if mode in ("require", "verify-ca", "verify-full"):
        context = ssl.create_default_context()
        context.check_hostname = mode == "verify-full"
        context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
        arguments["ssl_context"] = context
    place = _place(url, "host", "database")
    if str(place.get("host", "")).startswith("/"):
        arguments["unix_sock"] = f"{place.pop('host')}/.s.PGSQL.{place.pop('port', 5432)}"
    return place | arguments


def _place(url: DatabaseUrl, host: str, database: str) -> dict[str, Any]:
    names = {"host": host, "port": "port", "user": "user", "password": "password"}
    arguments: dict[str, Any] = {new: url.params[old] for old, new in names.items() if old in url.params}
    if "port" in arguments:
        arguments["port"] = int(arguments["port"])
    return arguments | ({database: url.dbname} if url.dbname else {})


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
