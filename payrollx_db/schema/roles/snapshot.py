"""What a server says of the roles and of everything that privileges are held on: read once, frozen."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from sys import intern
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
# What the server's own roles may do with everything. A sequence is a kind of table here.
READS = {"table": frozenset({"SELECT"}), "sequence": frozenset({"SELECT"}), "schema": frozenset({"USAGE"})}
WRITES = {
    "table": frozenset({"INSERT", "UPDATE", "DELETE"}),
    "sequence": frozenset({"UPDATE"}),
    "schema": frozenset({"USAGE"}),
}
PREDEFINED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "pg_read_all_data": READS,
    "pg_write_all_data": WRITES,
    "pg_maintain": {"table": frozenset({"MAINTAIN"})},
}
PUBLIC = "PUBLIC"
NOTHING: frozenset[str] = frozenset()
PARAMETERS = 150000  # the first version that has privileges on settings
PREPARED_MINUTES = 5  # from when on a prepared transaction is one that nobody ends
MAINTAIN = 170000  # the first version that has the privilege


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege that was granted on a thing, or on one column of it."""

    to: str
    privilege: str
    column: str | None
    may_hand_on: bool


@dataclass(frozen=True)
class Grants:
    """All that was granted on a thing. Things that are alike share one: a thousand tenants have few that differ."""

    given: tuple[Grant, ...]

    @cached_property
    def held(self) -> Mapping[str, frozenset[str]]:
        """What each grantee holds on the whole of it, by grants to itself."""
        held: defaultdict[str, set[str]] = defaultdict(set)
        for grant in self.given:
            if grant.column is None:
                held[grant.to].add(grant.privilege)
        return {role: frozenset(privileges) for role, privileges in held.items()}


@dataclass(frozen=True)
class Securable:
    """Something that privileges are held on; ``acl`` has all that anybody was granted, its owner's own among it.

    ``sort`` is Postgres' letter for what of its kind it is, and ``t`` for a function that triggers call.
    ``for_extensions`` is a schema in which an extension lies. ``columns`` are those of a table in a service's schema
    that has one which is called as a secret column of the catalog; ``rules`` those that act on other services' tables.
    """

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
    for_extensions: bool
    acl: Grants
    reaches: tuple[tuple[str, str], ...]
    columns: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What was granted to others than its owner."""
        return tuple(grant for grant in self.acl.given if grant.to != self.owner)

    @property
    def held(self) -> Mapping[str, frozenset[str]]:
        """What each grantee holds on the whole of it, by grants to itself."""
        return self.acl.held

    @property
    def reaching(self) -> str:
        """What whoever uses it does with other services' tables, in words."""
        far = ", ".join(".".join(reached) for reached in self.reaches)
        if self.rules:
            return f"reaches {far} through the rule {', '.join(self.rules)} of {self}"
        return f"reads {far} through {self}"

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
class Extension:
    """An extension some of whose functions nobody may call, though it restricts none of ``closed`` itself."""

    name: str
    schema: str
    closed: list[str]


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
    extensions: tuple[Extension, ...]
    attributes: Mapping[str, Attributes]
    acts_as: Mapping[str, frozenset[str]]
    members: tuple[Membership, ...]
    defaults: tuple[Default, ...]
    settings: tuple[Setting, ...]
    large_objects: tuple[LargeObjects, ...]
    prepared: tuple[Prepared, ...]

    def held(self, role: str, thing: Securable) -> frozenset[str]:
        """Return what one of our roles effectively may do with a thing, whyever: as ``has_table_privilege`` says it.

        Computed from what was granted, which grows with the grants; to ask the server costs roles times things.
        """
        attributes = self.attributes.get(role)
        if attributes is None:
            return NOTHING
        if "SUPERUSER" in attributes.powers:
            return frozenset(self.privileges[thing.kind])
        names = self.acts_as[role]
        held = thing.held.get(PUBLIC, NOTHING).union(*(thing.held.get(name, NOTHING) for name in names))
        for name in names & PREDEFINED.keys():
            held |= PREDEFINED[name].get(thing.kind, NOTHING)
        return held & frozenset(self.privileges[thing.kind])


def fetch(url: DatabaseUrl, catalog: Catalog) -> Snapshot:
    """Read what there is, in one read-only transaction. Raises TargetError where that fails."""
    with connected(url, "can't look at the roles") as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
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
        "secrets": sorted(frozenset().union(*catalog.secret_names.values())),
    }
    asked["logins"] = [name for (name,) in connection.execute(queries.load("logins"), asked)]
    with connection.cursor(row_factory=dict_row) as cursor:
        names = ["things", *(["parameters"] if version >= PARAMETERS else [])]
        known: dict[str, Grants] = {}
        # Row by row, since of a thousand tenants there are thirty thousand things.
        things = tuple(_thing(row, known) for name in names for row in cursor.stream(queries.load(name), asked))
    return Snapshot(
        version,
        privileges,
        things,
        tuple(_rows(connection, "extensions", Extension, asked)),
        {found.name: found for found in _rows(connection, "attributes", Attributes, asked)},
        {role: frozenset(names) for role, names in connection.execute(queries.load("acts_as"), asked)},
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
    return cursor.fetchall() if cursor.description is not None else []


def _rows(connection: Connection, query: str, kind: type[T], asked: Mapping[str, Any]) -> list[T]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(queries.load(query), asked).fetchall()


def _thing(row: Mapping[str, Any], known: dict[str, Grants]) -> Securable:
    """Return what a row says, with its grants from ``known`` where they are."""
    alike = str(row["acl"])
    if alike not in known:
        known[alike] = Grants(tuple(Grant(*given) for given in row["acl"]))
    reaches = tuple((schema, name) for schema, name in row["reaches"])
    words = {name: intern(row[name]) for name in ("kind", "schema", "owner", "sort", "arguments")}
    lists = {name: tuple(row.get(name) or ()) for name in ("columns", "rules")}
    return Securable(**{**row, **words, **lists, "acl": known[alike], "reaches": reaches})


HINTS = {
    FORBIDDEN: "use a login that may do it: a superuser, or one with CREATEROLE that made these roles"
    " (since Postgres 16: that has ADMIN on them)",
    NO_SUCH_DATABASE: "create the database first, then payrollx-db migrate",
    "08": "check DATABASE_URL, and that the server is up and lets this login in",
}
