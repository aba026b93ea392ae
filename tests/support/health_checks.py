"""A database for doctor to examine, and ways to ask."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from conftest import TestServer, unique
from watchers import eventually
from worlds import value

from payrollx_db.cli import cli
from payrollx_db.health.database import Expected, Limits, Place
from payrollx_db.health.examine import Health, examine
from payrollx_db.model.finding import Finding
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

EXPECTED = Expected(CATALOG, migrate.branches(CATALOG))


def health_of(url: DatabaseUrl, *, timeout: float = 30.0, **limits: Any) -> Health:
    expected = replace(EXPECTED, limits=Limits(**limits))
    return asyncio.run(examine([Place(url, CATALOG.services)], expected, seconds=timeout))


def findings_of(url: DatabaseUrl, code: str, place: str = "", **limits: Any) -> list[Finding]:
    """Return the findings of ``code``, about ``place`` where one is given: tests share the server with others."""
    return [f for f in health_of(url, **limits).findings if f.code == code and place in ("", f.place)]


@pytest.fixture(scope="module")
def examined(server: TestServer, migrated_template: str) -> Iterator[DatabaseUrl]:
    """A migrated database; every test mends what it plants."""
    name = unique("patient")
    url = server.create_database(name, migrated_template)
    migrate.upgrade(url, CATALOG)  # a clone has no privileges on the database itself
    yield url
    server.drop_database(name)


@contextmanager
def sessions(
    url: DatabaseUrl, number: int = 1, *, asking: DatabaseUrl | None = None, **params: str
) -> Iterator[list[psycopg.Connection[Any]]]:
    """Open sessions that sit there. At the end they are gone from the server's books as well, which takes a moment.

    ``asking`` is who reads the books, where a limit may let in no other session of ``url`` until these are gone.
    """
    with ExitStack() as stack:
        opened = [
            stack.enter_context(psycopg.connect(url.conninfo(), autocommit=True, **params))  # type: ignore[arg-type]
            for _ in range(number)
        ]
        pids = [connection.info.backend_pid for connection in opened]
        yield opened
    there = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)"
    eventually(lambda: value(asking or url, there, [pids]) == 0, "the end of the sessions")


def doctor(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["doctor", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result
