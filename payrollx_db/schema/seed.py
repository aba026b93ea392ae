"""Example rows: every service's written under its own role, all of a database in one transaction.

What the rows are is the catalog's own: it names a :class:`Seed`. A row whose key is there already is left as it is, so
that a second run changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from payrollx_db.errors import PayrollxError, StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres import errors, sqlstates
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

NO_SUCH_THING = ("42P01", "3F000", "42703", "42704")  # table, schema, column, type
IN_THE_WAY = (sqlstates.UNIQUE_VIOLATION, sqlstates.FOREIGN_KEY_VIOLATION)
EMPTY = "another row stands in the way of the seed's: seed an empty database"

# The tables of a service in an order that foreign keys allow, each with its rows, keys included.
SeedRows = Iterable[tuple[Table, Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True)
class Seed:
    """The example rows of a catalog, which names it as ``seed="package.module:NAME"``.

    ``rows`` returns those of a service. ``logins`` says who of them may log in, and ``password`` with what; ``note``
    is a sentence about that. ``tenants`` are those of a template that have rows, too, by their ids.
    ``others`` looks, as the service, at what its tables hold already, and returns what stands
    there that makes the seed dangerous, as in "other users"; an empty text where nothing does.
    """

    rows: Callable[[Service], SeedRows]
    logins: Sequence[Mapping[str, str]] = ()
    password: str | None = None
    note: str = ""
    others: Callable[[Connection, Service], str] | None = None
    tenants: Sequence[str] = ()


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


def insert_seed(
    url: DatabaseUrl, catalog: Catalog, seed: Seed, services: Iterable[Service], *, beside: bool = False
) -> SeedInserted:
    """Write the seed's rows of ``services`` into the database at ``url``: all or none.

    A database that holds what the seed's ``others`` warn of is refused, unless ``beside`` says that this is meant.
    Raises StateConflictError for that, or where another row has what the seed's must be alone in having; TargetError
    where the database can't be reached, isn't migrated, or can't be written.
    """
    chosen = tuple(services)
    tables: list[TableInserted] = []
    with migrate.connection(url) as opened, _translating_errors(url, catalog), opened.begin():
        for service in chosen:
            _act_as(opened, service, catalog)
            if not beside and seed.others is not None:
                _refuse_others(seed.others(opened, service), url)
            tables += [_write(opened, service, table, list(rows)) for table, rows in seed.rows(service)]
    inserted = SeedInserted(url, tuple(tables))
    if inserted.written:
        _analyze(url, catalog, chosen)
    return inserted


def _write(opened: Connection, service: Service, table: Table, rows: list[Mapping[str, Any]]) -> TableInserted:
    if not rows:
        return TableInserted(service.name, table.name, 0, 0)
    statement = insert(table).values(rows).on_conflict_do_nothing(index_elements=list(table.primary_key))
    written = len(opened.execute(statement.returning(*table.primary_key)).all())
    return TableInserted(service.name, table.name, written, len(rows) - written)


def _refuse_others(others: str, url: DatabaseUrl) -> None:
    if others:
        raise StateConflictError(
            f"{url.masked} holds {others}",
            hint="seed a database of its own; where this one is no production, --beside puts them next to the others",
        )


def _act_as(opened: Connection, service: Service, catalog: Catalog) -> None:
    opened.execute(text("SET LOCAL ROLE NONE"))
    shared = catalog.template is not None and catalog.template.service.role == service.role
    role = catalog.owner_role if shared else service.role  # a service has one tenant's rows, and the seed has all
    opened.execute(ACT_AS, {"role": role, "owner": catalog.owner_role})


def _analyze(url: DatabaseUrl, catalog: Catalog, services: Iterable[Service]) -> None:
    """Let the planner know of the rows; where one may not, the server only warns, and will do so itself in time."""
    tables = [sql.Identifier(service.schema, table) for service in services for table in service.tables]
    # In a session of its own: the one that wrote reports its rows when it ends, and they would be counted twice.
    with migrate.connection(url) as opened, _translating_errors(url, catalog), opened.begin():
        opened.exec_driver_sql(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(tables)).as_string())


@contextmanager
def _translating_errors(url: DatabaseUrl, catalog: Catalog) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _failure(url, catalog, error) from errors.cause(error)


def _failure(url: DatabaseUrl, catalog: Catalog, error: DBAPIError) -> PayrollxError:
    nothing = f"nothing was written into {url.masked}"
    if sqlstates.among(errors.sqlstate(error), IN_THE_WAY):
        return StateConflictError(f"{nothing}: {errors.explain(error, url)}", hint=EMPTY)
    hints = dict.fromkeys(NO_SUCH_THING, f"bring it up to date first: {catalog.command('migrate')}")
    hints[sqlstates.FORBIDDEN] = f"use a role that is a member of the services' roles, or of {catalog.owner_role}"
    return errors.to_error(error, nothing, url, TargetError, hints)
