"""Projects drafted from a database with every oddity: three services, and names, types and indexes of all kinds."""

import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique
from servers import known_to

from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres.url import DatabaseUrl

ODD = Path(__file__).with_name("odd_services.sql")
SERVICES = ("--schema", "shop", "--schema", "crm", "--service", "odd_one=Odd Schema")


@dataclass(frozen=True)
class Drafted:
    """A project in a folder, and the database that it was drafted from."""

    folder: Path
    package: str
    url: DatabaseUrl
    done: Done

    @property
    def catalog(self) -> Catalog:
        """Import the project's catalog."""
        catalog: Catalog = self.module("catalog").CATALOG
        return catalog

    def module(self, name: str) -> Any:
        """Import a module of the project's package."""
        return importlib.import_module(f"{self.package}.{name}")


def draft(url: DatabaseUrl, folder: Path, *arguments: str) -> Done:
    """Run ``payrollx-db draft`` into ``folder``."""
    return call(("draft", "--dir", str(folder), *arguments), {"DATABASE_URL": url.plain})


def fill(url: DatabaseUrl, script: str) -> None:
    """Run SQL in a database."""
    with psycopg.connect(url.conninfo(), autocommit=True, client_encoding="UTF8") as connection:
        connection.execute(script.encode())


def ask(url: DatabaseUrl, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """Return the first column of a query's rows, with no name found through the search_path."""
    with psycopg.connect(url.conninfo()) as connection:
        connection.execute("SET search_path = pg_catalog")
        return [row[0] for row in connection.execute(query.encode(), parameters)]


@pytest.fixture(scope="session")
def odd_database(server: TestServer) -> Iterator[DatabaseUrl]:
    """The database with every oddity, only to be read."""
    name = unique("odd")
    url = server.create_database(name)
    fill(url, known_to(server.version, ODD.read_text("utf-8")))
    yield url
    server.drop_database(name)


@pytest.fixture(scope="session")
def drafted(odd_database: DatabaseUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drafted]:
    """The project drafted from it, on sys.path."""
    folder = tmp_path_factory.mktemp("drafted") / "unified"
    package = "drafted_odd"
    done = draft(odd_database, folder, "--package", package, *SERVICES)
    sys.path.insert(0, str(folder))
    yield Drafted(folder, package, odd_database, done)
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def migrated_draft(server: TestServer, drafted: Drafted) -> Iterator[DatabaseUrl]:
    """A database made by the project's migrations, only to be read."""
    from payrollx_db.schema import migrate

    name = unique("migrated")
    url = server.create_database(name)
    migrate.upgrade(url, drafted.catalog)
    yield url
    server.drop_database(name)
