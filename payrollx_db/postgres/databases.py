"""Making and dropping databases on a server, given a superuser's URL of any database there."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from payrollx_db.errors import DevServerError
from payrollx_db.postgres import connect as connecting
from payrollx_db.postgres.errors import to_error
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.settings import COMMON
from payrollx_db.postgres.sqlstates import NO_SUCH_DATABASE
from payrollx_db.postgres.url import DatabaseUrl

FILE_COPY_SINCE = 15
MAINTENANCE = "postgres"  # the database that every server has, to connect to while another isn't there
SETTINGS = {**COMMON, "lock_timeout": "0"}

Connection = SyncConnection


def connect(url: DatabaseUrl, settings: Mapping[str, str] = SETTINGS) -> Connection:
    """Open an autocommit connection. Raises DevServerError where the database can't be reached, PooledError."""
    try:
        connection = connecting.connect(url, settings)
    except psycopg.Error as error:
        raise to_error(error, f"{url} can't be reached", url, DevServerError) from None
    if connection.pooler:
        connection.close()
        raise connecting.pooler_error(url, "databases are made and dropped by the server itself")
    return connection


def database_exists(url: DatabaseUrl, name: str) -> bool:
    """Tell whether the server at ``url`` has a database called ``name``."""
    with connect(url) as connection:
        cursor = connection.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", [name])
        return cursor.rowcount > 0


def create_database(url: DatabaseUrl, name: str, *, template: str | None = None) -> DatabaseUrl:
    """Create a database, empty or a clone of ``template``, and return its URL.

    Raises DevServerError where the server refuses: it exists, or the template is in use.
    """
    # template0: what someone may have put into template1 isn't wanted here.
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template or "template0")
    )
    if template and _major(url) >= FILE_COPY_SINCE:
        statement += sql.SQL(" STRATEGY FILE_COPY")  # a clone's pages needn't go through the WAL
    elif not template and _takes_any_encoding(url):
        statement += sql.SQL(" ENCODING 'UTF8'")  # a server made without a locale would give SQL_ASCII
    _administer(url, statement)
    return url.with_database(name)


def create_if_missing(url: DatabaseUrl) -> bool:
    """Make the database of ``url`` where its server says that there is none; tell whether it was made.

    Whatever else is wrong with ``url`` is for the next session to find. Raises DevServerError where the server refuses.
    """
    try:
        connecting.connect(url, SETTINGS).close()
    except psycopg.Error as error:
        if error.sqlstate == NO_SUCH_DATABASE and url.dbname:  # a service file may name another one
            create_database(url.with_database(MAINTENANCE), url.dbname)
            return True
    return False


def drop_database(url: DatabaseUrl, name: str) -> None:
    """Drop a database, if it is there, and throw out whoever is connected to it."""
    _administer(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def server_version(url: DatabaseUrl) -> str:
    """Return the version of the server at ``url``, such as ``18.4``."""
    with connect(url) as connection:
        version: str = connection.info.parameter_status("server_version") or "unknown"
        return version


def _takes_any_encoding(url: DatabaseUrl) -> bool:
    """Tell whether the locale of new databases goes with every encoding, as C does."""
    with connect(url) as connection:
        ((free,),) = connection.execute(
            "SELECT datcollate IN ('C', 'POSIX') AND datctype IN ('C', 'POSIX')"
            " FROM pg_catalog.pg_database WHERE datname = 'template0'"
        ).fetchall()
    return bool(free)


def _major(url: DatabaseUrl) -> int:
    with connect(url) as connection:
        return connection.info.server_version // 10000


def _administer(url: DatabaseUrl, statement: sql.Composed) -> None:
    with connect(url) as connection:
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            raise to_error(error, f"the server at {url} refuses", url, DevServerError) from None
