"""The rows of the unified registry: which tenants there are, where each one is, and whether services are let in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, migrate

UNREADABLE = "a URL that can't be read"


@dataclass(frozen=True)
class Registered:
    """A tenant as the registry has it. ``database`` is where it lives, without a password; empty: here."""

    id: str
    name: str
    status: str
    plan: str
    schema: str
    database: str


@dataclass(frozen=True)
class RegistryTable:
    """The registry's table, read and written in a connection's transaction."""

    catalog: Catalog
    opened: Connection

    @property
    def table(self) -> sql.Identifier:
        """Its name, quoted."""
        return sql.Identifier(*template_of(self.catalog).registry.table.split(".", 1))

    def rows(self) -> list[Registered]:
        """Return all tenants, by id. Raises StateConflictError where the table isn't there."""
        registry = template_of(self.catalog).registry
        names = (registry.id, registry.name, registry.status, registry.plan, registry.schema, registry.database_url)
        columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names)
        query = sql.SQL("SELECT {} FROM {} ORDER BY 1").format(columns, self.table)
        self._refuse_unmigrated()
        return [_registered(row) for row in self.run(query)]

    def row(self, tenant: str) -> Registered:
        """Return one tenant. Raises ConfigurationError where there is none of that id."""
        for known in self.rows():
            if known.id == tenant:
                return known
        raise ConfigurationError(
            f"the registry has no tenant {tenant!r}", hint=f"{self.catalog.command('tenant list')} names them"
        )

    def url(self, tenant: str) -> str:
        """Return the URL of a tenant's own database, with its password; empty where it lives here."""
        registry = template_of(self.catalog).registry
        query = sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(
            sql.Identifier(registry.database_url), self.table, sql.Identifier(registry.id)
        )
        rows = self.run(query, [tenant])
        return str(rows[0][0] or "") if rows else ""

    def change(self, tenant: str, **values: str | None) -> None:
        """Set columns of a tenant's row, by what the template's registry calls them: status, schema, database_url."""
        registry = template_of(self.catalog).registry
        pairs = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(getattr(registry, name)), sql.Literal(value))
            for name, value in values.items()
        )
        self.run(
            sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(self.table, pairs, sql.Identifier(registry.id)), [tenant]
        )

    def delete(self, tenant: str) -> None:
        """Delete a tenant's row, with the routes that lead to it."""
        registry = template_of(self.catalog).registry
        for route in registry.routes.values():
            table = sql.Identifier(*route.table.split(".", 1))
            self.run(sql.SQL("DELETE FROM {} WHERE {} = %s").format(table, sql.Identifier(route.tenant)), [tenant])
        self.run(sql.SQL("DELETE FROM {} WHERE {} = %s").format(self.table, sql.Identifier(registry.id)), [tenant])

    def run(self, statement: sql.Composable, params: Any = None) -> list[tuple[Any, ...]]:
        """Run a statement in the connection's transaction, and return its rows, if it has any."""
        cursor = migrate.driver_of(self.opened).execute(sql.Composed([statement]), params)
        return cursor.fetchall() if cursor.description is not None else []

    def _refuse_unmigrated(self) -> None:
        name = template_of(self.catalog).registry.table
        if self.run(sql.SQL("SELECT pg_catalog.to_regclass({})").format(sql.Literal(self.table.as_string(None)))) == [
            (None,)
        ]:
            raise StateConflictError(f"the database has no {name}", hint=f"run {self.catalog.command('migrate')}")


@contextmanager
def as_owner(url: DatabaseUrl, catalog: Catalog) -> Iterator[RegistryTable]:
    """Open a transaction on the registry as the owner of the tables; it commits at the end of the block.

    Raises TargetError where the database can't be reached or the role can't be taken.
    """
    with migrate.connection(url) as opened, migrate.translating_errors(url), opened.begin():
        opened.execute(ddl.look_as(catalog.owner_role))
        yield RegistryTable(catalog, opened)


def _registered(row: tuple[Any, ...]) -> Registered:
    known, name, status, plan, schema, url = ("" if value is None else str(value) for value in row)
    return Registered(known, name, status, plan, schema, _masked(url) if url else "")


def _masked(url: str) -> str:
    try:
        return DatabaseUrl.parse(url).masked
    except ConfigurationError:  # which is that tenant's trouble, and no other's
        return UNREADABLE
