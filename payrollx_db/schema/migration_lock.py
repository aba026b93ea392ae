"""One migration of a database at a time: a lock (see `postgres.locks`) held by a connection of its own.

It is there before the first migration, so it is made together with the roles and the schema of the version table; and
it goes with them, where a database is taken back to nothing.
"""

from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres import locks
from payrollx_db.postgres.steps import Statement, Steps, perform
from payrollx_db.schema.roles import statements


def acquire(guard: Connection, catalog: Catalog) -> str:
    """Take the lock in a transaction of ``guard`` that is left open; return nothing, or who kept it too long.

    ``guard`` is used for nothing else. Raises the driver's error where the lock can't be made or taken.
    """
    guard.execution_options(isolation_level="AUTOCOMMIT")  # so that each statement here says itself where it begins
    return perform(_raw(guard), _acquire(catalog))


def release(guard: Connection, catalog: Catalog) -> None:
    """Let go of the lock, and leave nothing behind where the database has no migrations (any more)."""
    with suppress(psycopg.Error):  # then the session is lost, and the lock with it
        perform(_raw(guard), _release(catalog.owner_role))


def _acquire(catalog: Catalog) -> Steps[str]:
    if not (yield from locks.exist()) or not (yield from locks.may_act_as(catalog.owner_role)):
        yield Statement(sql.SQL(statements.roles(catalog)))
    return (yield from locks.acquire(locks.MIGRATION, owner=catalog.owner_role, wait=True))


def _release(owner: str) -> Steps[None]:
    yield from locks.drop_unused(owner)
    yield Statement(sql.SQL("COMMIT"))


def _raw(guard: Connection) -> psycopg.Connection[Any]:
    driver: psycopg.Connection[Any] = guard.connection.driver_connection  # type: ignore[assignment] # psycopg is asked for
    return driver
