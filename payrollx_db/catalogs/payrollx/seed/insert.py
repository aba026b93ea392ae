"""Writes the seed's rows: every service's under its own role, all of a database in one transaction.

A row whose key is there already is left as it is, so that a second run changes nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, Table, inspect, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from payrollx_db.catalogs.payrollx import auth
from payrollx_db.catalogs.payrollx.base import Base
from payrollx_db.catalogs.payrollx.seed.rows import key, rows
from payrollx_db.catalogs.payrollx.seed.world import PEOPLE
from payrollx_db.catalogs.payrollx.unified import CATALOG
from payrollx_db.errors import PayrollxError, StateConflictError, TargetError
from payrollx_db.model.catalog import Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

# A service's own role where one may take it, so that the seed passes the walls as the services do; else the owner.
ACT_AS = text("""
    SELECT pg_catalog.set_config('role', may.rolname, true)
    FROM (
        SELECT rolname
        FROM pg_catalog.pg_roles
        WHERE rolname IN (:role, :owner) AND pg_catalog.pg_has_role(oid, CASE
            WHEN CAST(pg_catalog.current_setting('server_version_num') AS integer) >= 160000 THEN 'SET'
            ELSE 'MEMBER'
        END)
        ORDER BY rolname = :role DESC
        LIMIT 1
    ) AS may
""")

MIGRATE = "bring it up to date first: payrollx-db migrate"
NO_SUCH_THING = ("42P01", "3F000", "42703", "42704")  # table, schema, column, type
UNIQUE, FOREIGN_KEY, FORBIDDEN = "23505", "23503", "42501"


@dataclass(frozen=True)
class TableInserted:
    """One table: how many of the seed's rows were written now, and how many were there."""

    service: str
    table: str
    written: int
    there: int


@dataclass(frozen=True)
class SeedInserted:
    """What was done in one database."""

    url: DatabaseUrl
    tables: tuple[TableInserted, ...]

    @property
    def written(self) -> int:
        """How many rows were written."""
        return sum(table.written for table in self.tables)


def insert_seed(url: DatabaseUrl, services: Iterable[Service], *, beside: bool = False) -> SeedInserted:
    """Write the rows of ``services`` into the database at ``url``: all or none.

    The logins have a password that everyone knows; so a database that holds other users is refused, unless
    ``beside`` says that this is meant. Raises StateConflictError for that, or where another row has what the seed's
    must be alone in having; TargetError where the database can't be reached, isn't migrated, or can't be written.
    """
    asked = tuple(services)
    with migrate.connection(url) as opened, _translating_errors(url):
        done = []
        with opened.begin():
            for service in asked:
                _act_as(opened, service)
                if service.name == auth.service.name and not beside:
                    _refuse_others(opened, url)
                done += [_write(opened, service, model, made) for model, made in rows(service.name)]
    sown = SeedInserted(url, tuple(done))
    if sown.written:
        _analyze(url, asked)
    return sown


def _write(opened: Connection, service: Service, model: type[Base], made: list[dict[str, Any]]) -> TableInserted:
    table = _table(model)
    statement = insert(table).values(made).on_conflict_do_nothing(index_elements=list(table.primary_key))
    written = len(opened.execute(statement.returning(*table.primary_key)).all())
    return TableInserted(service.name, table.name, written, len(made) - written)


def _refuse_others(opened: Connection, url: DatabaseUrl) -> None:
    users = _table(auth.User)
    ours = [key("user", person.email) for person in PEOPLE]
    if opened.execute(select(users.c.id).where(users.c.id.not_in(ours)).limit(1)).first():
        raise StateConflictError(
            f"{url.masked} holds other users than the seed's, whose password everyone knows",
            hint="seed a database of its own; where this one is no production, --beside puts them next to the others",
        )


def _act_as(opened: Connection, service: Service) -> None:
    opened.execute(text("RESET ROLE"))
    opened.execute(ACT_AS, {"role": service.role, "owner": CATALOG.owner_role})


def _analyze(url: DatabaseUrl, services: Iterable[Service]) -> None:
    """Let the planner know of the rows; where one may not, the server only warns, and will do so itself in time."""
    tables = [sql.Identifier(service.schema, table) for service in services for table in service.tables]
    # In a session of its own: the one that wrote reports its rows when it ends, and they would be counted twice.
    with migrate.connection(url) as opened, _translating_errors(url), opened.begin():
        opened.exec_driver_sql(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(tables)).as_string())


def _table(model: type[Base]) -> Table:
    table = inspect(model).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is mapped to no table")
    return table


@contextmanager
def _translating_errors(url: DatabaseUrl) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _failure(url, error) from error


def _failure(url: DatabaseUrl, error: DBAPIError) -> PayrollxError:
    state = getattr(error.orig, "sqlstate", None)
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None) or "the connection was lost"
    nothing = f"nothing was written into {url.masked}: {said}"
    if state in NO_SUCH_THING:
        return TargetError(nothing, hint=MIGRATE)
    if state in (UNIQUE, FOREIGN_KEY):
        return StateConflictError(nothing, hint="another row stands in the way of the seed's: seed an empty database")
    if state == FORBIDDEN:
        return TargetError(nothing, hint="use a role that is a member of the services' roles, or of payrollx_owner")
    return TargetError(nothing, hint="check that the server is up, then run it again")
