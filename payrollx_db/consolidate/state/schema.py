"""The schema `payrollx_meta`: whether there is a state, and whether this tool knows its version."""

from importlib.resources import files

import psycopg
from psycopg import sql

from payrollx_db import __version__
from payrollx_db.errors import StateConflictError
from payrollx_db.postgres import locks, query_files
from payrollx_db.postgres.session import Connection
from payrollx_db.postgres.steps import Statement, Steps, perform, perform_async

queries = query_files.beside(__name__)

SCHEMA = locks.SCHEMA
# Each brings the state one version further; their names begin with the version that they lead to.
MIGRATIONS = tuple(sorted(path.name for path in files(__package__).joinpath("migrations").iterdir()))
VERSION = len(MIGRATIONS)


async def exists(connection: Connection) -> bool:
    """Tell whether anything is remembered here. Raises StateConflictError where a newer tool did it."""
    return await version(connection) > 0


async def version(connection: Connection) -> int:
    """Return the version of the state, 0 where there is none. Raises StateConflictError where it is a newer one."""
    return await perform_async(connection, find_version())


def version_now(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Do the same in a blocking session."""
    return perform(connection, find_version())


def find_version() -> Steps[int]:
    """Do the same by steps."""
    ((recorded, versioned),) = yield Statement(sql.SQL(queries.load("present")))
    if not recorded:
        return 0
    rows = (yield Statement(sql.SQL(queries.load("newest_version")))) if versioned else []
    version, tool = rows[0] if rows else (1, "")
    if version > VERSION:
        raise StateConflictError(
            f"the state in {SCHEMA} is of version {version}, written by payrollx-db {tool};"
            f" this is payrollx-db {__version__}, which knows it up to version {VERSION}",
            hint=f"use payrollx-db {tool}, or a newer one",
        )
    return int(version)
