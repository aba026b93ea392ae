"""The harbour (`harbour`) as fixtures: its legacy databases, its target, and commands in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from command_line import Done, call, spawn
from conftest import TestServer, unique
from harbour.catalog import CATALOG
from harbour.examples import SCRIPTS, make_legacy
from harbour.layout import LAYOUT
from psycopg import sql

from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

NAME = "harbour.catalog:CATALOG"
SUPPORT = Path(__file__).parent
DOORS = ("auth", "organization", "employee", "wallet", "payroll", "transaction", "notification", "compliance")
PAYROLLX = ("payrollx_db.catalogs.payrollx", "payrollx_db.unified", "payrollx_db.legacy",
            *(f"payrollx_db.{name}" for name in DOORS))  # fmt: skip

Ended = tuple[int, str, str, list[str]]

# Runs one command line after the other, and says of each how it ended and what is imported by then.
PROGRAM = """
import contextlib, io, json, sys
from payrollx_db.cli import main
done = []
for arguments in json.load(sys.stdin):
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code or 0
    done.append([code, out.getvalue(), err.getvalue(), sorted(sys.modules)])
json.dump(done, sys.stdout)
"""


@dataclass
class Harbour:
    """Three legacy databases and a target, and ways to work on them."""

    urls: dict[str, DatabaseUrl]
    target: DatabaseUrl
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment in which the command line works on this harbour."""
        clean = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        path = os.pathsep.join(filter(None, [str(SUPPORT), os.environ.get("PYTHONPATH")]))
        legacy = {f"LEGACY_{db.variable}_DATABASE_URL": self.urls[db.name].plain for db in LAYOUT.databases}
        return clean | legacy | {"DATABASE_URL": self.target.plain, "PAYROLLX_CATALOG": NAME, "PYTHONPATH": path}

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Done:
        """Run the command line: in this process, except where it is to look for packages elsewhere."""
        if env and "PYTHONPATH" in env:
            return spawn(arguments, self.env | env)
        return call(arguments, self.env | (env or {}), self.folder)

    def run_apart(self, commands: Sequence[Sequence[str]], env: dict[str, str]) -> list[Ended]:
        """Run commands in a process of its own, each with its exit code, stdout, stderr, and our modules by then."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            env=self.env | env,
            cwd=self.folder,
            timeout=500,
            check=True,
        )
        ended: list[Ended] = json.loads(done.stdout)
        return [(*rest, [name for name in modules if name.startswith("payrollx_db")]) for *rest, modules in ended]

    def answer(self, *arguments: str) -> Any:
        """Run a command with --json, and return its document."""
        done = self.run(*arguments, "--json")
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement on the target."""
        with psycopg.connect(self.target.conninfo(), autocommit=True) as connection:
            cursor = connection.execute(sql.SQL(statement))  # type: ignore[arg-type] # a test's own constant
            return cursor.fetchall() if cursor.description is not None else []


@pytest.fixture(scope="session")
def harbour_template(server: TestServer) -> Iterator[str]:
    """A migrated, empty target of the harbour's, to be cloned."""
    name = unique("harbour")
    migrate.upgrade(server.create_database(name), CATALOG)
    yield name
    server.drop_database(name)


def _harbour(server: TestServer, folder: Path, template: str | None, *, hostile: bool) -> Iterator[Harbour]:
    prefix = unique("")
    make_legacy(server.url, hostile=hostile, prefix=prefix)
    try:
        urls = {name: server.url.with_database(prefix + name) for name in SCRIPTS}
        yield Harbour(urls, server.create_database(f"{prefix}target", template), folder)
    finally:
        for name in (*SCRIPTS, "target"):
            server.drop_database(prefix + name)


@pytest.fixture
def empty_harbour(server: TestServer, tmp_path: Path) -> Iterator[Harbour]:
    """A harbour whose target nobody has migrated, and whose calls name ships and a declaration that don't exist."""
    yield from _harbour(server, tmp_path, None, hostile=True)


@pytest.fixture
def harbour(server: TestServer, harbour_template: str, tmp_path: Path) -> Iterator[Harbour]:
    """A harbour with a migrated, empty target."""
    yield from _harbour(server, tmp_path, harbour_template, hostile=False)


@pytest.fixture(scope="module")
def harbour_to_read(
    server: TestServer, harbour_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Harbour]:
    """A harbour with a migrated, empty target, which tests only read."""
    yield from _harbour(server, tmp_path_factory.mktemp("harbour"), harbour_template, hostile=False)


@pytest.fixture
def hostile_harbour(server: TestServer, harbour_template: str, tmp_path: Path) -> Iterator[Harbour]:
    """The same, where two calls name ships that don't exist, and one a declaration that doesn't."""
    yield from _harbour(server, tmp_path, harbour_template, hostile=True)
