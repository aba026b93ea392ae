"""A service's wall as data: what it may touch, whose turn it is on a connection, and what is known of its session."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from payrollx_db.errors import BoundaryError, PlacementError, TargetError
from payrollx_db.facade import raw_sql
from payrollx_db.facade.transaction_settings import TransactionSettings
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.url import DatabaseUrl

ACTIVE_SERVICE = "payrollx_active_service"  # the option of an engine that says who its statements are for
SESSION_STATE = "payrollx_session_state"  # the key in Connection.info of what we know of its session


@dataclass(frozen=True)
class Wall:
    """What one facade may touch: its name, its role, and its schema (an empty one for the reader: all schemas).

    ``catalog`` is ``package.module:name``; it is imported only to tell the owner in an error. ``elsewhere`` are
    pairs of a schema and the (masked) URL of another database that has it. ``reads`` are the tables of others, as
    ``schema.table``, that it may read. ``sealed`` is for one of many tenants that share a login: its raw SQL may change
    nothing about the session.
    """

    name: str
    role: str
    schema: str
    catalog: str
    elsewhere: tuple[tuple[str, str], ...] = ()
    reads: frozenset[str] = frozenset()
    sealed: bool = False

    def hidden(self, column: str) -> BoundaryError:
        """Return the error for a column, as ``schema.table.column``, that only its own service may read."""
        return BoundaryError(
            f"{self.name} may not read {column}: it is its own service's alone",
            hint="name the columns that are wanted: others of that table may be read",
        )

    def refused_read(self, schema: str, table: str) -> BoundaryError | None:
        """Return the error for a refusal that is about a table of which columns may be read; else ``None``."""
        if not self.schema and (secrets := catalog_at(self.catalog).secrets.get(f"{schema}.{table}")):
            alone = ", ".join(sorted(secrets))
            return BoundaryError(
                f"{self.name} may not read all of {schema}.{table}: its own service's alone is {alone}",
                hint="name the columns that are wanted: * stands for all of them, in EXISTS too",
            )
        if f"{schema}.{table}" not in self.reads:
            return None
        return BoundaryError(
            f"{self.name} may only read {schema}.{table}, and only the columns of it that are declared readable",
            hint="name the columns that are wanted, in EXISTS too;"
            f" {self.command('roles --check')} says whether a grant is missing",
        )

    def refusal(self, schema: str, table: str, verb: str) -> BoundaryError:
        """Return the error for a statement that names what isn't the service's own."""
        place = f"{schema}.{table}" if table else f"the schema {schema}"
        owner = next((service for service in self.others() if service.schema == schema), None)
        if owner is None:
            own = f"its tables are those of the schema {self.schema}" if self.schema else "it reads services' tables"
            return BoundaryError(f"{self.name} may not {verb} {place}, which belongs to no service", hint=own)
        return BoundaryError(
            f"{self.name} may not {verb} {place}, which belongs to the {owner.name} service", hint=self.way_to(owner)
        )

    def apart(self, schema: str, table: str) -> PlacementError | None:
        """Return the error for a table of a service that is placed elsewhere; ``None`` where it isn't known to be."""
        url = next((url for placed, url in self.elsewhere if placed == schema), None)
        if url is None:
            return None
        here = f"{self.name}'s" if self.schema else "the unified"
        return PlacementError(
            f"{schema} is not in {here} database but in {url}, so {self.name} can't read {schema}.{table} here",
            hint="read it through its own facade, and join the two in the application;"
            f" {self.command('placement')} shows who is where",
        )

    def named_apart(self, statement: str) -> PlacementError | None:
        """Return the same for raw SQL that names such a table: what was left there when it moved would be old rows."""
        for schema, _ in self.elsewhere:
            services = self.catalog_services() if not self.reads else ()
            tables = {f"{schema}.{table}" for known in services if known.schema == schema for table in known.tables}
            for table in sorted(tables or self.reads):
                if table.startswith(f"{schema}.") and raw_sql.names(statement, *table.split(".", 1)):
                    return self.apart(*table.split(".", 1))
        return None

    def absent(self, table: str, url: DatabaseUrl) -> TargetError:
        """Return the error for a table that the service may read, and that its database at ``url`` hasn't."""
        owner = catalog_at(self.catalog).owner(table)
        return TargetError(
            f"{url} has no {table}, which {self.name} reads",
            hint=f"{self.command('migrate')} makes it where {owner.name} is placed in the same database;"
            f" {self.command('placement')} shows who is where",
        )

    def way_to(self, owner: Service) -> str:
        """Return how to get what ``owner`` has."""
        if not self.schema:
            return self.way_to_write(owner.name)
        report = entry_of(self.catalog, "reader")
        both = entry_of(self.catalog, "transaction")
        return (
            f"ask the {owner.name} service for it; for a report use {report}.session(), and to change both at once"
            f" {both}({self.name}, {owner.name})"
        )

    def way_to_write(self, owner: str = "") -> str:
        """Return how to write what the reader only reads."""
        facade = f"the facade of {owner}" if owner else "the service's own facade"
        return f"write through {facade}, or through {entry_of(self.catalog, 'transaction')}(...)"

    def others(self) -> tuple[Service, ...]:
        """Return the services on the other side: all but the wall's own, and all for the reader."""
        return tuple(service for service in self.catalog_services() if service.schema != self.schema)

    def catalog_services(self) -> tuple[Service, ...]:
        """Return all services of the catalog."""
        return catalog_at(self.catalog).services

    def command(self, words: str) -> str:
        """Return the command line for ``payrollx-db words`` with the catalog, for hints."""
        return catalog_at(self.catalog).command(words)

    def how_to_grant(self) -> str:
        """Return what to do where the role lacks what is its own."""
        migrate, check = self.command("migrate"), self.command("roles --check")
        return f"run {migrate}, which grants it; {check} says what else is missing"


@dataclass(frozen=True)
class ServiceScope:
    """A wall, how its transactions run, the database where they do, and how its engine translates schemas."""

    wall: Wall
    settings: TransactionSettings
    url: DatabaseUrl
    translation: Mapping[str, str] | None = None


@dataclass
class ActiveService:
    """Whose turn it is on a connection. It changes only where several services share one transaction."""

    scope: ServiceScope


@dataclass
class SessionState:
    """What we know of a session.

    ``login`` logged in. ``settings`` are those of its transaction, ``None`` outside one; ``in_force`` are the same
    where nothing may have changed them since. ``last`` are those of its last transaction. ``unused`` says that the
    transaction was begun to see whether the session lives, ``dirty`` that a statement may have left something in the
    session, ``failed`` that one of the transaction failed, ``switched`` that it has gone from one service to another.
    """

    login: str
    settings: TransactionSettings | None = None
    in_force: TransactionSettings | None = None
    last: TransactionSettings | None = None
    unused: bool = False
    dirty: bool = False
    failed: bool = False
    switched: bool = False

    def end(self, *, dirty: bool = False) -> None:
        """Note that the transaction is over."""
        self.settings = self.in_force = None
        self.unused = self.failed = self.switched = False
        self.dirty = dirty


def catalog_at(name: str) -> Catalog:
    """Import the catalog at ``package.module:name``."""
    module, _, attribute = name.partition(":")
    catalog: Catalog = getattr(importlib.import_module(module), attribute)
    return catalog if catalog.option is not None else replace(catalog, option=name)


def entry_of(catalog: str, kind: str) -> str:
    """Return how code that imports the catalog's module calls its reader, or its transaction over several services.

    Where the module has none, it is this package's own name.
    """
    from payrollx_db.facade.reader import Reader
    from payrollx_db.facade.unit_of_work import transaction

    module = importlib.import_module(catalog.partition(":")[0])

    def matches(value: Any) -> bool:
        return isinstance(value, Reader) if kind == "reader" else value is transaction

    names: Iterator[str] = (name for name, value in vars(module).items() if matches(value))
    name = next(names, None)
    if name is None:
        return "Reader(...)" if kind == "reader" else "transaction"
    return f"{module.__name__.rpartition('.')[2]}.{name}"
