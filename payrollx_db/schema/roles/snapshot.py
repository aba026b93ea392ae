"""What a server says of the roles and of everything that privileges are held on: read once, frozen."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import class_row, dict_row

from payrollx_db.errors import TargetError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres import query_files
from payrollx_db.postgres.connect import connect
from payrollx_db.postgres.errors import cause, to_error
from payrollx_db.postgres.settings import COMMON
from payrollx_db.postgres.sqlstates import FORBIDDEN, NO_SUCH_DATABASE
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.roles.statements import META, users

queries = query_files.beside(__name__)

Connection = psycopg.Connection[Any]
T = TypeVar("T")

PRIVILEGES: Mapping[str, tuple[str, ...]] = {
    "database": ("CREATE", "CONNECT", "TEMPORARY"),
    "schema": ("USAGE", "CREATE"),
    "table": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"),
    "sequence": ("USAGE", "SELECT", "UPDATE"),
    "type": ("USAGE",),
    "routine": ("EXECUTE",),
    "parameter": ("SET", "ALTER SYSTEM"),
}
PARAMETERS = 150000  # the first version that has privileges on settings
PREPARED_MINUTES = 5  # from when on a prepared transaction is one that nobody ends
MAINTAIN = 170000  # the first version that has the privilege


@dataclass(frozen=True)
class Grant:
    """One privilege that was granted on a thing, or on one column of it."""

    to: str
    privilege: str
    column: str | None
    may_hand_on: bool


@dataclass(frozen=True)
class Securable:
    """Something that privileges are held on. ``held`` has what each of our roles effectively may, whyever."""

    kind: str
    schema: str
    name: str
    arguments: str
    owner: str
    sort: str
    settings: list[str] | None
    definer: bool
    of_extension: bool
    of_table: bool
    held: Mapping[str, frozenset[str]]
    grants: tuple[Grant, ...]
    reaches: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        if self.kind in ("database", "schema", "parameter"):
            return self.name
        return f"{self.schema}.{self.name}" + (f"({self.arguments})" if self.kind == "routine" else "")


@dataclass(frozen=True)
class Attributes:
    """One of our roles: whether it logs in, and what powers it has that no grant gives."""

    name: str
    logs_in: bool
    powers: list[str]


@dataclass(frozen=True)
class Membership:
    """That ``member`` belongs to ``role``. ``takes_part``: by inheriting from it or by becoming it."""

    role: str
    member: str
    grantor: str
    administers: bool
    takes_part: bool
    inherits: bool
    logs_in: bool
    is_superuser: bool
    makes_roles: bool
    becomes_owner: bool
    connects: bool


@dataclass(frozen=True)
class Default:
    """What ``creator``'s future objects are granted to somebody else; ``schema`` is None for all schemas."""

    creator: str
    schema: str | None
    things: str
    grantee: str
    privilege: str


@dataclass(frozen=True)
class Setting:
    """What sessions of a role begin with, in one database or, where that is None, in all."""

    role: str
    database: str | None
    name: str
    value: str


@dataclass(frozen=True)
class LargeObjects:
    """How many large objects a role owns, or else has privileges on."""

    role: str
    owns: bool
    number: int


@dataclass(frozen=True)
class Prepared:
    """A prepared transaction that nobody has ended: its name, whose it is, and when it was prepared (UTC)."""

    gid: str
    role: str
    since: str


@dataclass(frozen=True)
class Snapshot:
    """Everything that the check needs to know of one database."""

    version: int
    privileges: Mapping[str, tuple[str, ...]]
    things: tuple[Securable, ...]
    attributes: Mapping[str, Attributes]
    members: tuple[Membership, ...]
    defaults: tuple[Default, ...]
    settings: tuple[Setting, ...]
    large_objects: tuple[LargeObjects, ...]
    prepared: tuple[Prepared, ...]


def fetch(url: DatabaseUrl, catalog: Catalog) -> Snapshot:
    """Read what there is, in one read-only transaction. Raises TargetError where that fails."""
    with connected(url, "can't look at the roles") as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return read(connection, catalog)


def read(connection: Connection, catalog: Catalog) -> Snapshot:
    """Read what the current transaction of ``connection`` sees."""
    connection.execute("SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)")
    version = connection.info.server_version
    privileges = {**PRIVILEGES, "table": (*PRIVILEGES["table"], *(["MAINTAIN"] if version >= MAINTAIN else []))}
    asked: dict[str, Any] = {
        "roles": [catalog.owner_role, *users(catalog)],
        "users": list(users(catalog)),
        "minutes": PREPARED_MINUTES,
        "owner": catalog.owner_role,
        "schemas": [*(service.schema for service in catalog.services), META],
        "privileges": json.dumps(privileges),
    }
    asked["logins"] = [name for (name,) in connection.execute(queries.load("logins"), asked)]
    with connection.cursor(row_factory=dict_row) as cursor:
        names = ["things", *(["parameters"] if version >= PARAMETERS else [])]
        things = tuple(_thing(row) for name in names for row in cursor.execute(queries.load(name), asked))
    return Snapshot(
        version,
        privileges,
        things,
        {found.name: found for found in _rows(connection, "attributes", Attributes, asked)},
        tuple(_rows(connection, "members", Membership, asked)),
        tuple(_rows(connection, "defaults", Default, asked)),
        tuple(_rows(connection, "role_settings", Setting, asked)),
        tuple(_rows(connection, "large_objects", LargeObjects, asked)),
        tuple(_rows(connection, "prepared", Prepared, asked)),
    )


@contextmanager
def connected(url: DatabaseUrl, action: str) -> Iterator[Connection]:
    """Connect in autocommit mode; what goes wrong inside is a TargetError that says so of ``action``."""
    try:
        with connect(url, COMMON, name="payrollx-db roles") as connection:
            yield connection
    except psycopg.Error as error:
        raise to_error(error, f"{url.masked}: {action}", url, TargetError, HINTS) from cause(error)


def run(connection: Connection, statement: sql.Composable) -> list[tuple[Any, ...]]:
    """Run composed SQL and return its rows, if it has any."""
    cursor = connection.execute(sql.Composed([statement]))
    return cursor.fetchall() if cursor.description else []


def _rows(connection: Connection, query: str, kind: type[T], asked: Mapping[str, Any]) -> list[T]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(queries.load(query), asked).fetchall()


def _thing(row: Mapping[str, Any]) -> Securable:
    return Securable(
        **{
            **row,
            "held": {role: frozenset(privileges) for role, privileges in row["held"].items()},
            "grants": tuple(Grant(**given) for given in row["grants"]),
            "reaches": tuple((schema, name) for schema, name in row["reaches"]),
        }
    )


HINTS = {
    FORBIDDEN: "use a login that may do it: a superuser, or one with CREATEROLE that made these roles"
    " (since Postgres 16: that has ADMIN on them)",
    NO_SUCH_DATABASE: "create the database first, then payrollx-db migrate",
    "08": "check DATABASE_URL, and that the server is up and lets this login in",
}
