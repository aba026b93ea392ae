"""Fixtures of the consolidation: a migrated target, and tasks and commands that lead from the legacy to it."""

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
from command_line import Done, call, spawn

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.endpoints import endpoints
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.consolidate.planner import SMALL_TABLES
from payrollx_db.legacy import LAYOUT
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.events import Event
from payrollx_db.model.layout import Layout
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

ROWS_OF = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM {} AS t"


def query(url: DatabaseUrl, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows, if it has any."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        cursor = connection.execute(statement, params or None)
        return cursor.fetchall() if cursor.description is not None else []


def value(url: DatabaseUrl, statement: str, params: Sequence[Any] = ()) -> Any:
    """Return the one value of a statement."""
    return query(url, statement, params)[0][0]


def snapshot_of(url: DatabaseUrl) -> dict[str, Any]:
    """Return all that a copy could change: definitions of indexes and constraints, and rows and hash of every table."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        objects = connection.execute(
            "SELECT 'index', schemaname || '.' || indexname, indexdef FROM pg_indexes"
            " WHERE schemaname !~ '^pg_' AND schemaname NOT IN ('information_schema', 'payrollx_meta')"
            " UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname,"
            "   pg_get_constraintdef(oid) || convalidated FROM pg_constraint"
            "   WHERE conrelid <> 0 AND connamespace::regnamespace::text !~ '^(pg_|information_schema|payrollx_meta)'"
            " ORDER BY 1, 2, 3",
        ).fetchall()
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_'"
            " AND schemaname NOT IN ('information_schema', 'payrollx_meta') ORDER BY 1",
        ).fetchall()
        rows = {name: connection.execute(ROWS_OF.format(name).encode()).fetchone() for (name,) in tables}
    return {"objects": objects, "rows": rows}


@dataclass
class World:
    """A legacy side, a target, and ways to work on them."""

    urls: dict[str, DatabaseUrl]
    target: DatabaseUrl
    layout: Layout = LAYOUT
    catalog: Catalog = CATALOG
    events: list[Event] = field(default_factory=list)
    small_tables: int = SMALL_TABLES  # 0: each table is copied as a large one is, though it has few rows

    def task(self, *services: str, jobs: int = 2, observer: Any = None) -> Task:
        sources, target = endpoints(self.urls, self.target, application_name="payrollx-db test")
        task = Task(self.catalog, self.layout, sources, target, services, jobs, observer or self.events.append)
        return replace(task, small_tables=self.small_tables)

    def copy(self, *services: str, jobs: int = 2) -> pipeline.Report:
        return asyncio.run(pipeline.copy(self.task(*services, jobs=jobs)))

    def copy_with(self, task: Task, policies: Policies) -> pipeline.Report:
        return asyncio.run(pipeline.copy(replace(task, policies=policies)))

    def verify(self, *services: str, **options: Any) -> pipeline.Verdict:
        return asyncio.run(pipeline.verify(self.task(*services), **options))

    def plan(self, *services: str, jobs: int = 2) -> pipeline.Plan:
        return asyncio.run(pipeline.plan(self.task(*services, jobs=jobs)))

    @property
    def env(self) -> dict[str, str]:
        """The environment in which the command line works on this world."""
        clean = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        variables = {db.name: db.variable for db in self.layout.databases}
        legacy = {f"LEGACY_{variables[name]}_DATABASE_URL": url.plain for name, url in self.urls.items()}
        small = {"PAYROLLX_SMALL_TABLES": str(self.small_tables / 1_000_000)}
        return clean | legacy | small | {"DATABASE_URL": self.target.plain}

    def command(self, *arguments: str, env: dict[str, str] | None = None) -> Done:
        """Run the command line on this world; ``env`` overrides single variables.

        It runs in this process, except where it is to look for modules elsewhere.
        """
        run = spawn if "PYTHONPATH" in (env or {}) else call
        return run(arguments, self.env | (env or {}))

    def answer(self, *arguments: str) -> Any:
        """Run a command with --json and return its document."""
        done = self.command(*arguments, "--json")
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def migrated_template(server: Any) -> Iterator[str]:
    """A migrated, empty unified database, to be cloned."""
    name = f"t{os.getpid()}_migrated"
    migrate.upgrade(server.create_database(name), CATALOG)
    yield name
    server.forget_database(name)


@pytest.fixture
def migrated(server: Any, migrated_template: str) -> Iterator[DatabaseUrl]:
    """A migrated, empty unified database of the test's own."""
    name = f"t{os.getpid()}_unified_{next(_numbers)}"
    yield server.create_database(name, migrated_template)
    server.drop_database(name)


@pytest.fixture
def world(legacy: Any, migrated: DatabaseUrl) -> World:
    """Well-behaved legacy databases that the test may change, and an empty target."""
    return World(legacy.urls, migrated)


@pytest.fixture
def reading_world(legacy_to_read: Any, migrated: DatabaseUrl) -> World:
    """The same with legacy databases that the test only reads."""
    return World(legacy_to_read.urls, migrated)


@pytest.fixture
def hostile_world(hostile_to_read: Any, migrated: DatabaseUrl) -> World:
    """Legacy databases with every trouble, which the test only reads, and an empty target."""
    return World(hostile_to_read.urls, migrated)


_numbers = iter(range(1, 1_000_000))
