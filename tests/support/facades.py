"""Fixtures of the facades: a migrated database that the environment names, by each driver."""

import asyncio
import itertools
import os
import uuid
import weakref
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from sqlalchemy import Engine, Pool, event, text
from sqlalchemy.engine import ExceptionContext
from watchers import PATIENCE
from worlds import query

from payrollx_db import auth, employee, organization, payroll, wallet
from payrollx_db.facade import engines
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import CATALOG

SYNC = pytest.mark.parametrize("driver", ["psycopg", "pg8000"])
ASYNC = pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
ALL = pytest.mark.parametrize("driver", ["psycopg", "pg8000", "asyncpg"])

TABLES = sorted(CATALOG.tables())

_numbers = itertools.count(1)
_opened: weakref.WeakSet[Any] = weakref.WeakSet()


def text_of(url: DatabaseUrl, driver: str = "psycopg", **parameters: str) -> str:
    """Return the URL as an environment variable has it. Each is another one, so that it gets a pool of its own."""
    more = {"application_name": f"t{next(_numbers)}", **parameters}
    written = url.sqlalchemy(driver)
    return f"{written}{'&' if '?' in written else '?'}{urlencode(more)}"


@dataclass
class Home:
    """Where the services live in a test, and a way to move them.

    ``url`` is a superuser's, for looking behind the walls; ``login`` may act as every service, and is what the services
    use.
    """

    url: DatabaseUrl
    login: DatabaseUrl
    patch: pytest.MonkeyPatch

    def move(self, driver: str = "psycopg", url: DatabaseUrl | None = None, **parameters: str) -> None:
        """Let ``DATABASE_URL`` name ``url``, with ``driver`` and with a new pool."""
        self.patch.setenv("DATABASE_URL", text_of(url or self.login, driver, **parameters))

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the server itself, behind all walls."""
        return query(self.url, statement)


@contextmanager
def a_login(server: DatabaseUrl, roles: Sequence[str]) -> Iterator[dict[str, str]]:
    """A login that is in ``roles`` and may do nothing else: what URLs say of it."""
    name = unique("login")
    create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'made up'").format(sql.Identifier(name))
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        if connection.info.server_version >= 160000:
            connection.execute("SET scram_iterations = 4096")  # pg8000 refuses a password that is hashed less
        connection.execute(create)
        for role in roles:
            grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name))
            connection.execute(grant)
        yield {"user": name, "password": "made up"}
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def as_login(url: DatabaseUrl, login: dict[str, str]) -> DatabaseUrl:
    return replace(url, params={**url.params, **login})


@pytest.fixture(scope="session")
def everyone(server: TestServer, migrated_template: str) -> Iterator[dict[str, str]]:
    """The login of a process that is all services."""
    roles = [*(service.role for service in CATALOG.services), CATALOG.reader_role]
    with a_login(server.url, roles) as login:
        yield login


@pytest.fixture(scope="module")
def walled_url(server: TestServer, migrated_template: str) -> Iterator[DatabaseUrl]:
    """A migrated database that the tests of a module share."""
    name = unique("walled")
    yield server.create_database(name, migrated_template)
    server.drop_database(name)


@pytest.fixture
def home(walled_url: DatabaseUrl, everyone: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """All services in one empty database."""
    for name in [name for name in os.environ if name.startswith("PAYROLLX_") or name.endswith("DATABASE_URL")]:
        if name != "PAYROLLX_PG_BIN":
            monkeypatch.delenv(name)
    made = Home(walled_url, as_login(walled_url, everyone), monkeypatch)
    made.move()
    yield made
    engines.dispose()
    empty(walled_url)


def empty(url: DatabaseUrl, tables: Sequence[str] = TABLES) -> None:
    """Take all rows out; much quicker than TRUNCATE where there are few."""
    deletes = "; ".join(f"DELETE FROM {table}" for table in tables)
    with psycopg.connect(url.conninfo()) as connection:
        connection.execute(f"SET session_replication_role = replica; {deletes}")


@event.listens_for(Pool, "connect")
def _note(connection: Any, _record: object) -> None:
    if hasattr(connection, "run_async"):
        _opened.add(connection.driver_connection)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a test's coroutine, and close what it has opened before the loop ends: nobody could afterwards."""

    async def whole() -> Any:
        try:
            return await work
        finally:
            await close_pools()
            for left in still_open():
                await left.close()

    return asyncio.run(whole())


async def close_pools() -> None:
    """Close the pools of the running loop, once what is on its way back to them has come."""
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others, timeout=PATIENCE)
    for place in list(engines._async_places.get(asyncio.get_running_loop(), {}).values()):  # noqa: SLF001
        await engines.async_engine(place.engine).dispose()


def still_open() -> list[Any]:
    """Return the drivers' own async connections that nobody has closed."""
    return [real for real in _opened if not (real.is_closed() if hasattr(real, "is_closed") else real.closed)]


@dataclass
class Sent:
    """The statements that the guard has let pass to the driver."""

    statements: list[str] = field(default_factory=list)


def watch(engine: Engine) -> Sent:
    """Note what is sent through ``engine`` from now on, and answered, if only with an error of the driver's."""
    sent = Sent()

    @event.listens_for(engine, "after_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.statements.append(statement)

    @event.listens_for(engine, "handle_error")
    def note_failed(context: ExceptionContext) -> None:
        if context.statement is not None and context.sqlalchemy_exception is not None:
            sent.statements.append(context.statement)

    return sent


def person(name: str = "ana", **values: Any) -> auth.User:
    return auth.User(email=f"{name}@example.com", password="x", first_name=name, last_name="", **values)


def firm(**values: Any) -> organization.Organization:
    return organization.Organization(name=f"firm {uuid.uuid4()}", created_by=uuid.uuid4(), **values)


def staff(user: uuid.UUID, firm: uuid.UUID, **values: Any) -> employee.Employee:
    return employee.Employee(user_id=user, organization_id=firm, **values)


def purse(employee: uuid.UUID, **values: Any) -> wallet.Wallet:
    return wallet.Wallet(employee_id=employee, public_key=str(uuid.uuid4()), created_by=uuid.uuid4(), **values)


def payday(**values: Any) -> payroll.PayrollRun:
    values = {"organization_id": uuid.uuid4(), "created_by": uuid.uuid4(), "total_amount": 1} | values
    return payroll.PayrollRun(scheduled_date=datetime(2026, 1, 1, tzinfo=UTC), **values)


# -- what a statement may leave behind --------------------------------------------------------------------

LOCKS = """
    SELECT count(*) > 0 FROM pg_locks JOIN pg_database AS d ON d.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()
"""
TRACES = {
    "a setting": ("SET work_mem = '7MB'", "SELECT current_setting('work_mem') = '7MB'"),
    "a function's": ("SELECT set_config('work_mem', '7MB', false)", "SELECT current_setting('work_mem') = '7MB'"),
    "a name in escapes": ("SELECT U&\"\\0073et_config\"('work_mem', '7MB', false)",
                          "SELECT current_setting('work_mem') = '7MB'"),
    "a search_path": ("SET search_path TO payroll", "SELECT current_setting('search_path') LIKE '%payroll%'"),
    "a lock": ("SELECT pg_advisory_lock(7)", LOCKS),
    "a shared lock": ("SELECT pg_advisory_lock_shared(8)", LOCKS),
    "a channel": ("LISTEN news", "SELECT count(*) > 0 FROM pg_listening_channels()"),
    "a temporary table": ("CREATE TEMP TABLE mine (id integer)", "SELECT to_regclass('pg_temp.mine') IS NOT NULL"),
    "a copy into one": ("SELECT 1 AS id INTO TEMP mine", "SELECT to_regclass('pg_temp.mine') IS NOT NULL"),
    "a cursor": ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) > 0 FROM pg_cursors WHERE is_holdable"),
    "a prepared statement": ("PREPARE p AS SELECT 1", "SELECT count(*) > 0 FROM pg_prepared_statements WHERE from_sql"),
    "a block's": ("DO $$ BEGIN PERFORM set_config('work_mem', '7MB', false); END $$",
                  "SELECT current_setting('work_mem') = '7MB'"),
}  # fmt: skip


class EndedError(Exception):
    """Rolls a transaction back."""


def end(*, commits: bool) -> None:
    if not commits:
        raise EndedError


def leaves(statement: str, trace: str, *, commits: bool) -> tuple[bool, bool]:
    """Return whether a statement left its trace in its own transaction, and in the next one."""
    try:
        with auth.db.session() as session:
            session.execute(text(statement))
            there = session.scalar(text(trace))
            end(commits=commits)
    except EndedError:
        pass
    with wallet.db.session() as session:
        return bool(there), bool(session.scalar(text(trace)))


async def async_leaves(statement: str, trace: str, *, commits: bool) -> tuple[bool, bool]:
    try:
        async with auth.db.async_session() as session:
            await session.execute(text(statement))
            there = await session.scalar(text(trace))
            end(commits=commits)
    except EndedError:
        pass
    async with wallet.db.async_session() as session:
        return bool(there), bool(await session.scalar(text(trace)))
