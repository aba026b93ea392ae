"""Databases to lift, and projects that say what becomes of them."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from command_line import Done, call
from conftest import TestServer, unique
from psycopg import sql
from servers import THROW_AWAY, in_memory, known_to

from payrollx_db.devserver import Server
from payrollx_db.devserver.programs import Programs, folders
from payrollx_db.postgres.databases import server_version
from payrollx_db.postgres.url import DatabaseUrl

SHOP = """
CREATE TABLE customer (id integer PRIMARY KEY, name text);
CREATE TABLE bill (id integer PRIMARY KEY, customer_id integer CONSTRAINT of_customer REFERENCES customer);
CREATE VIEW rich AS SELECT id FROM customer WHERE name = 'Rich';
"""
OURS = """
SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE nspname !~ '^(pg_|information_schema)' AND relkind IN ('r', 'v') ORDER BY 1
"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1"
ODD_WORLD = Path(__file__).parents[1] / "lift" / "odd_world.sql"


def run_script(url: DatabaseUrl, script: str, schema: str = "public") -> None:
    """Run a script, whose names without a schema are of ``schema``."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))
        connection.execute("SET check_function_bodies TO off")
        connection.execute(script.encode())


def rows(url: DatabaseUrl, statement: str) -> list[Any]:
    """Run a statement, and return its rows' first columns."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return [row[0] for row in cursor.fetchall()] if cursor.description is not None else []


@dataclass
class LiftedWorld:
    """A target, and a project whose sources are added one by one."""

    folder: Path
    target: DatabaseUrl
    owner: str
    sources: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def add(self, url: DatabaseUrl, service: str, *, source_schema: str = "public", left_behind: str = "") -> None:
        """Add a database as a service of its own schema, called as the service is."""
        # The login is in the URL of LEGACY_DATABASE_URL; a file never has a password.
        host, port, user = (url.params[key] for key in ("host", "port", "user"))
        self.sources.append(
            f"[databases.{json.dumps(service)}]\n"
            f"url = {json.dumps(f'postgresql://{user}@{host}:{port}/{url.dbname}')}\n"
            f"database = {json.dumps(url.dbname)}\nsource_schema = {json.dumps(source_schema)}\n"
            f"service = {json.dumps(service)}\nrole = {json.dumps(f'{self.owner}_{service}')}\n"
            f"[databases.{json.dumps(service)}.left_behind]\n{left_behind}\n"
        )
        self.login = url

    def schema(self, *arguments: str, target: DatabaseUrl | None = None) -> Done:
        """Call ``lift schema``."""
        file = self.folder / "lift.toml"
        head = f'name = "world"\nowner_role = "{self.owner}"\nreader_role = "{self.owner}_reader"\n'
        file.write_text(head + "\n".join(self.sources))
        env = {
            **self.environment,
            "LEGACY_DATABASE_URL": self.login.plain,
            "DATABASE_URL": (target or self.target).plain,
            "PATH": "/bin",
        }
        return call(("lift", "schema", "--lift", str(file), *arguments), env)


@pytest.fixture
def lifted_world(server: TestServer, tmp_path: Path) -> Iterator[LiftedWorld]:
    """A world with an empty target, and no source yet."""
    name, owner = unique("unified"), unique("owner")
    yield LiftedWorld(tmp_path, server.create_database(name), owner)
    server.drop_database(name)
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        for (role,) in connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [f"{owner}%"]
        ).fetchall():
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture(scope="session")
def odd_source(server: TestServer) -> Iterator[DatabaseUrl]:
    """A database with something of every kind in ``public``. Only read."""
    name = unique("odd")
    url = server.create_database(name)
    run_script(url, known_to(server.version, ODD_WORLD.read_text("utf-8")))
    yield url
    server.drop_database(name)


@pytest.fixture
def source(server: TestServer) -> Iterator[DatabaseUrl]:
    """An empty database to be a source."""
    name = unique("source")
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture(scope="module")
def older_server(server: TestServer) -> Iterator[DatabaseUrl]:
    """A server of the oldest version that is here, older than that of the tests. Skips where there is none."""
    major = int(server_version(server.url).split(".")[0])
    installed = [programs for folder in folders() if (programs := Programs.at(folder)) and int(programs.major) < major]
    if not installed:
        pytest.skip(f"no programs of a Postgres before {major} are installed")
    programs = min(installed, key=lambda programs: int(programs.major))
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-older-", dir=in_memory()))
    folder.chmod(0o755)
    older = Server(folder / "server", settings=THROW_AWAY, programs=programs)
    try:
        yield older.up()
    finally:
        older.destroy()
        shutil.rmtree(folder)
