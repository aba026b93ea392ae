"""The choirs (`choirs`) as fixtures: a database in each shape with the same tenants, and what services use there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from choirs.catalog import SCHEMAS, SHARED
from choirs.models import hashed
from conftest import TestServer, unique
from facades import a_login, as_login, close_pools, run, text_of
from psycopg import sql

from payrollx_db.facade import engines
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.tenants.client import Tenants
from payrollx_db.tenants.client.settings import TenantSettings
from payrollx_db.tenants.migrating import TenantMigrations

CATALOGS = {"schemas": SCHEMAS, "shared": SHARED}
CHOIRS = ("alto", "bass", "choir's.3")  # one of them with an id that is no plain name
SECRET = "soprano of bass"  # what no session but that choir's is to see
ROWS = """
    INSERT INTO {0}.singers ({1}id, name, email, role) VALUES ({2}'1', {3}, {4}, 'CHIEF'), ({2}'2', 'x', NULL, 'VOICE');
    INSERT INTO {0}.songs ({1}id, title, singer_id) VALUES ({2}'1', {3}, '1');
    INSERT INTO {0}.messages ({1}id, body) VALUES ({2}'1', {3});
    INSERT INTO {0}.rehearsals ({1}place) VALUES ({2}{3});
"""


@dataclass
class Choirs:
    """Choirs in one database. ``url`` is a superuser's; ``login`` is what services use."""

    catalog: Catalog
    url: DatabaseUrl
    login: DatabaseUrl
    patch: pytest.MonkeyPatch
    made: list[Tenants] = field(default_factory=list)

    @property
    def shape(self) -> str:
        """Which shape it is."""
        return template_of(self.catalog).shape

    @property
    def name(self) -> str:
        """What ``Tenants`` calls the catalog."""
        return f"choirs.catalog:{self.shape.upper()}"

    def tenants(self, **settings: Any) -> Tenants:
        """Return tenants of this process, which the test's end closes."""
        self.made.append(Tenants(self.name, settings=TenantSettings(**settings)))
        return self.made[-1]

    def move(self, driver: str = "psycopg", url: DatabaseUrl | None = None, **parameters: str) -> None:
        """Let ``DATABASE_URL`` name ``url``, with ``driver`` and a new pool."""
        self.patch.setenv("DATABASE_URL", text_of(url or self.login, driver, **parameters))

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the server itself, behind all walls."""
        with psycopg.connect(self.url.conninfo(), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description is not None else []

    def place(self, tenant: str) -> str:
        """Return a tenant's schema."""
        return template_of(self.catalog).schema_of(tenant)

    def table(self, tenant: str, name: str) -> str:
        """Return what the rows of one tenant are called behind the walls: a table, or a part of one."""
        if self.shape == "schemas":
            return f'"{self.place(tenant)}"."{name}"'
        literal = tenant.replace("'", "''")
        return f"(SELECT * FROM tenant.{name} WHERE tenant_id = '{literal}') AS rows"


def make(url: DatabaseUrl, catalog: Catalog) -> None:
    """Migrate a database, and make the choirs in it."""
    migrate.upgrade(url, catalog)
    template = template_of(catalog)
    with psycopg.connect(url.conninfo()) as connection:
        for choir in CHOIRS:
            plan = "all" if choir == CHOIRS[2] else "small"
            connection.execute(
                "INSERT INTO registry.tenants (id, name, plan) VALUES (%s, %s, %s)", (choir, choir, plan)
            )
            connection.execute("INSERT INTO registry.emails VALUES (%s, %s)", (hashed(f"{choir}@example.com"), choir))
            connection.execute("INSERT INTO registry.phones VALUES (%s, %s)", (f"+1 {choir}", choir))
    for choir in CHOIRS if template.shape == "schemas" else ():
        with migrate.connection(url) as opened:
            TenantMigrations(catalog).upgrade(opened, choir)
            opened.commit()
    fill(url, catalog)


def fill(url: DatabaseUrl, catalog: Catalog) -> None:
    """Give each choir the same rows, and take out all others."""
    template = template_of(catalog)
    tables = ("songs", "singers", "messages", "rehearsals")
    with psycopg.connect(url.conninfo()) as connection:
        for choir in CHOIRS:
            place = sql.Identifier(template.schema_of(choir))
            shared = template.shape == "shared"
            for table in tables if not shared or choir == CHOIRS[0] else ():
                connection.execute(sql.SQL("DELETE FROM {}.{}").format(place, sql.Identifier(table)))
            values = (
                place,
                sql.SQL("tenant_id, " if shared else ""),
                sql.SQL("{}, ").format(sql.Literal(choir)) if shared else sql.SQL(""),
                sql.Literal(f"soprano of {choir}"),
                sql.Literal(f"{choir}@choirs"),
            )
            connection.execute(sql.SQL(ROWS).format(*values))


@pytest.fixture(scope="session")
def choir_databases(server: TestServer) -> Iterator[dict[str, DatabaseUrl]]:
    """A database for each shape; the tests of a session share them."""
    shapes = CATALOGS if server.version >= 150000 else ("schemas",)
    urls = {shape: server.create_database(unique(f"choirs_{shape}")) for shape in shapes}
    for shape, url in urls.items():
        make(url, CATALOGS[shape])
    yield urls
    for url in urls.values():
        server.drop_database(url.dbname)


@pytest.fixture(scope="session")
def choir_login(server: TestServer, choir_databases: dict[str, DatabaseUrl]) -> Iterator[dict[str, str]]:
    """The login of a service: of both shapes, and of the registry's."""
    roles = [service.role for shape in choir_databases for service in CATALOGS[shape].services]
    with a_login(server.url, [*roles, template_of(SCHEMAS).service.role]) as login:
        yield login


@pytest.fixture(params=["schemas", "shared"])
def choirs(
    request: pytest.FixtureRequest,
    choir_databases: dict[str, DatabaseUrl],
    choir_login: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Choirs]:
    """The choirs in each shape, with the rows of `fill`."""
    yield from _choirs(request.param, choir_databases, choir_login, monkeypatch)


@pytest.fixture
def shared_choirs(
    choir_databases: dict[str, DatabaseUrl], choir_login: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Choirs]:
    """The choirs that share tables."""
    yield from _choirs("shared", choir_databases, choir_login, monkeypatch)


@pytest.fixture
def apart_choirs(
    choir_databases: dict[str, DatabaseUrl], choir_login: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Choirs]:
    """The choirs that have a schema each."""
    yield from _choirs("schemas", choir_databases, choir_login, monkeypatch)


def _choirs(
    shape: str, urls: dict[str, DatabaseUrl], login: dict[str, str], patch: pytest.MonkeyPatch
) -> Iterator[Choirs]:
    for name in [name for name in os.environ if name.startswith("PAYROLLX_") or name.endswith("DATABASE_URL")]:
        if name != "PAYROLLX_PG_BIN":
            patch.delenv(name)
    if shape not in urls:
        pytest.skip("before Postgres 15 there is no way to keep such tenants apart in one table")
    url = urls[shape]
    made = Choirs(CATALOGS[shape], url, as_login(url, login), patch)
    made.move()
    yield made
    for tenants in made.made:
        tenants.close(2)
    engines.dispose()
    made.query("UPDATE registry.tenants SET status = 'active', database_url = NULL, schema = NULL,"
               " plan = CASE id WHEN 'choir''s.3' THEN 'all' ELSE 'small' END")  # fmt: skip
    fill(url, made.catalog)


__all__ = ["CHOIRS", "SECRET", "Choirs", "close_pools", "run"]
