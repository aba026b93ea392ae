"""A session that speaks the replication protocol, in the place of a run's other sessions.

It is psycopg's, opened as every other: with the same settings, in which the log's values are written, too, and the
same proof of its place. Such a session takes plain statements only, without parameters.
"""

import math
from dataclasses import replace

from psycopg import generators, sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from payrollx_db.errors import PayrollxError, SourceError, TargetError
from payrollx_db.postgres import errors
from payrollx_db.postgres.connect import connect_async, pooler_error
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.session import Connection, Endpoint, run
from payrollx_db.postgres.sqlstates import FORBIDDEN

STARTUP = {"replication": "database"}
TIMEOUT = "SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'wal_sender_timeout'"
REFUSED_PARAMETER = "08P01"  # by a pooler: a server knows this one
HINTS = {
    FORBIDDEN: "let a superuser say: ALTER ROLE … REPLICATION (a managed service has a role of its own for it)",
    "53300": "raise max_wal_senders or max_connections, or end another reader of the log",
    "28": "let pg_hba.conf admit this user to this database from here; a line for the database “replication” isn't it",
    "55000": "set wal_level = logical, and restart the server",
    "0A": "connect to the primary: a standby of this version can't do it",
}


async def connect_replication(endpoint: Endpoint) -> Connection:
    """Open a session by which the log can be read.

    Raises SourceError or TargetError where it can't, and PooledError where a pooler stands before the server.
    """
    url = replace(endpoint.url, params={**endpoint.url.params, **STARTUP})
    try:
        if endpoint.place is not None:
            opened = endpoint.place.connect(url, endpoint.session, endpoint.application_name, STARTUP)
            connection = await opened
        else:
            connection = await connect_async(url, endpoint.session, name=endpoint.application_name)
    except DRIVER_ERRORS as error:
        if errors.sqlstate(error) == REFUSED_PARAMETER:
            raise _pooled(endpoint) from errors.cause(error)
        raise to_error(endpoint, error, "can't open a session for replication") from errors.cause(error)
    if where := connection.pooler:
        await connection.close()
        raise _pooled(endpoint, where)
    return connection


async def start_replication(connection: Connection, slot: str, publication: str, at: int) -> None:
    """Let the server send what a slot has from ``at`` on; the session then is in COPY. Raises psycopg's errors."""
    names = sql.Literal('"{}"'.format(publication.replace('"', '""')))
    command = sql.SQL(
        "START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names {}, messages 'true')"
    ).format(sql.Identifier(slot), sql.SQL(lsn_text(at)), names)
    pgconn = connection.pgconn
    pgconn.send_query(command.as_bytes(None))
    (result, *_) = await connection.wait(generators.execute(pgconn))
    if result.status != ExecStatus.COPY_BOTH:
        raise error_from_result(result)
    pgconn.nonblocking = 1


async def sender_timeout(connection: Connection) -> float:
    """Return after how many seconds without a word of ours the server ends the session; infinity for never."""
    ((milliseconds,),) = await run(connection, sql.SQL(TIMEOUT))
    return int(milliseconds) / 1000 or math.inf


def to_error(endpoint: Endpoint, error: BaseException, action: str) -> PayrollxError:
    """Return the error of the endpoint's side, with what to do where it is about replication."""
    kind = SourceError if endpoint.side == "source" else TargetError
    what = f"{endpoint.side} {endpoint.name} at {endpoint.url.masked}: {action}"
    return errors.to_error(error, what, endpoint.url, kind, HINTS)


def lsn_text(lsn: int) -> str:
    """Return an LSN as the server writes it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def lsn_number(text: str) -> int:
    """Return an LSN as a number."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def _pooled(endpoint: Endpoint, where: str = "") -> PayrollxError:
    return pooler_error(endpoint.resolved, "the log can't be read through it", where=where)
