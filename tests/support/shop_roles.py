"""A small catalog with roles of its own, so that tests may break its walls without other tests noticing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from schema_snapshots import run

from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.roles import statements
from payrollx_db.schema.roles.check import check

TABLES = """
CREATE SCHEMA shop AUTHORIZATION {owner};
CREATE SCHEMA "the crm" AUTHORIZATION {owner};
SET ROLE {owner};
CREATE TYPE shop.size AS ENUM ('small', 'large');
CREATE TABLE "the crm".customers (id bigint PRIMARY KEY, email text);
CREATE TABLE shop.orders (id serial PRIMARY KEY, customer bigint REFERENCES "the crm".customers, size shop.size);
CREATE TABLE shop."order lines" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE FUNCTION shop.one(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION shop.act() RETURNS integer LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, shop, pg_temp AS 'SELECT 1';
RESET ROLE;
"""


@dataclass(frozen=True)
class Shop:
    """Somebody's catalog on a database of its own, with walls; ``stranger`` is a login of no catalog."""

    url: DatabaseUrl
    catalog: Catalog
    stranger: str

    @property
    def names(self) -> dict[str, sql.Composable]:
        """What statements call the roles, the schemas and the database."""
        shop, crm = self.catalog.services
        roles = {"owner": self.catalog.owner_role, "reader": self.catalog.reader_role, "shop": shop.role}
        roles |= {"crm": crm.role, "stranger": self.stranger, "database": self.url.dbname}
        return {name: sql.Identifier(role) for name, role in roles.items()}

    def statement(self, script: str) -> str:
        """Return a script with our names in it."""
        return sql.SQL(script).format(**self.names).as_string()  # type: ignore[arg-type]

    def run(self, script: str) -> None:
        run(self.url, self.statement(script))

    def findings(self) -> tuple[Finding, ...]:
        return check(self.url, self.catalog).findings


def _drop(url: DatabaseUrl, names: list[str]) -> None:
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        for name in names:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchall():
                connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def _catalog(names: dict[str, str]) -> Catalog:
    return Catalog(
        "shop",
        (
            Service("shop", schema="shop", role=names["shop"], tables=("order lines", "orders")),
            Service("crm", schema="the crm", role=names["crm"], tables=("customers",)),
        ),
        (Reference("shop.orders", "customer", "the crm.customers", "id", enforced=True),),
        owner_role=names["owner"],
        reader_role=names["reader"],
    )


@contextmanager
def new_shop(server: TestServer) -> Iterator[Shop]:
    prefix = unique("")
    names = {name: prefix + name for name in ("shop", "crm", "owner", "reader", "stranger")}
    shop = Shop(server.create_database(prefix + "shop"), _catalog(names), names["stranger"])
    try:
        run(shop.url, statements.roles(shop.catalog))
        shop.run(TABLES + "CREATE ROLE {stranger} LOGIN PASSWORD 'made up'")
        run(shop.url, statements.grants(shop.catalog))
        yield shop
    finally:
        server.drop_database(shop.url.dbname)
        _drop(server.url, list(names.values()))


@pytest.fixture
def shop(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A catalog of two services, with tables and walls; ``shop_catalog:CATALOG`` for the command line."""
    with new_shop(server) as shop:
        module = ModuleType("shop_catalog")
        module.CATALOG = shop.catalog  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "shop_catalog", module)
        yield shop


@pytest.fixture(scope="module")
def shared_shop(server: TestServer) -> Iterator[Shop]:
    """The same for tests that undo what they do."""
    with new_shop(server) as shop:
        yield shop
