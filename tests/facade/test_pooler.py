"""The facades through PgBouncer in transaction pooling: one server session serves transactions of many."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from conftest import TestServer
from facades import ALL, TRACES, Home, as_login, async_leaves, leaves, person, run
from poolers import PROGRAM, running_pooler
from sqlalchemy import func, select, text
from worlds import value

from payrollx_db import auth, organization, unified, wallet
from payrollx_db.errors import BoundaryError, PooledError
from payrollx_db.postgres.session import Endpoint, copy_connection, session
from payrollx_db.unified import SERVICES

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed")


@pytest.fixture(scope="module")
def pooler(server: TestServer, everyone: dict[str, str]) -> Iterator[dict[str, str]]:
    """A pooler before the test's server, with two sessions for all clients: what URLs say of it."""
    with running_pooler(server.url, everyone, size=2) as place:
        yield place


@pytest.fixture
def pooled(home: Home, pooler: dict[str, str]) -> Iterator[Home]:
    """The services behind the pooler, which the URL says as Prisma's does."""
    through = replace(home, login=as_login(home.login, pooler))
    yield through
    drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'"
    home.query(drop.format(home.login.params["user"]))


def move(pooled: Home, driver: str) -> None:
    pooled.move(driver, pgbouncer="true")
    assert auth.db.url.pgbouncer


@ALL
@pytest.mark.parametrize("commits", [True, False], ids=["commit", "rollback"])
def test_nothing_leaks_through_a_pooler(pooled: Home, driver: str, *, commits: bool) -> None:
    move(pooled, driver)

    async def whole() -> None:
        for name, (statement, trace) in TRACES.items():
            assert (await async_leaves(statement, trace, commits=commits))[1] is False, name

    if driver == "asyncpg":
        run(whole())
    else:
        for name, (statement, trace) in TRACES.items():
            assert leaves(statement, trace, commits=commits)[1] is False, name
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database"
    assert value(pooled.url, f"{locks} WHERE datname = current_database())") == 0


@ALL
def test_every_transaction_is_under_its_own_role(pooled: Home, driver: str) -> None:
    """Many clients take turns on two sessions; nobody sees another's role, path or rows."""
    move(pooled, driver)
    me = text("SELECT current_user, current_schemas(false)::text")

    async def one(number: int) -> None:
        module = SERVICES[number % 8]
        async with module.db.async_session() as session:
            for _ in range(3):
                assert tuple((await session.execute(me)).one()) == (module.service.role, f"{{{module.service.schema}}}")

    async def whole() -> None:
        await asyncio.gather(*(one(number) for number in range(24)))

    def sync(number: int) -> None:
        module = SERVICES[number % 8]
        with module.db.session() as session:
            for _ in range(3):
                assert tuple(session.execute(me).one()) == (module.service.role, f"{{{module.service.schema}}}")

    if driver == "asyncpg":
        run(whole())
        return
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(sync, range(24)))


@ALL
def test_everyday_use_through_a_pooler(pooled: Home, driver: str) -> None:
    move(pooled, driver)

    async def whole() -> None:
        for number in range(7):  # psycopg would prepare the sixth
            async with auth.db.async_session() as session:
                session.add(person(f"p{number}"))
                await session.flush()
                assert await session.scalar(select(func.count()).select_from(auth.User)) == number + 1
        with pytest.raises(BoundaryError):
            async with auth.db.async_session() as session:
                await session.execute(text("SELECT * FROM wallet.wallets"))

    if driver == "asyncpg":
        run(whole())
        return
    for number in range(7):
        with auth.db.session() as session:
            session.add(person(f"p{number}"))
            session.flush()
            assert session.scalar(select(func.count()).select_from(auth.User)) == number + 1
    with pytest.raises(BoundaryError), auth.db.session() as session:
        session.execute(text("SELECT * FROM wallet.wallets"))
    with unified.transaction(auth, organization, wallet) as tx:
        assert tx.wallet.scalar(text("SELECT current_user")) == "payrollx_wallet"
        assert tx.auth.scalar(select(func.count()).select_from(auth.User)) == 7
    with unified.reader.session() as session:
        assert session.scalar(select(func.count()).select_from(auth.User)) == 7


@ALL
def test_a_session_is_as_it_was_before(pooled: Home, driver: str) -> None:
    """Not only of what a service's own statements could leave: of all settings, locks and tables."""
    move(pooled, driver)
    state = (
        "SELECT pg_backend_pid(), (SELECT jsonb_object_agg(name, setting ORDER BY name) FROM pg_settings WHERE name <>"
        " 'application_name'), (SELECT count(*) FROM pg_prepared_statements), current_user, current_schemas(true)::text"
    )
    with psycopg.connect(pooled.login.conninfo(), prepare_threshold=None) as others:
        before = others.execute(state).fetchall()
    assert before[0][0] == value(pooled.login, "SELECT pg_backend_pid()"), "the pool hands out its last one first"

    async def work() -> None:
        async with auth.db.async_session() as session:
            await session.execute(text("SELECT 1"))

    if driver == "asyncpg":
        run(work())
    else:
        with auth.db.session() as session:
            session.execute(text("SELECT 1"))

    with psycopg.connect(pooled.login.conninfo(), prepare_threshold=None) as others:
        assert others.execute(state).fetchall() == before


def test_rows_are_not_carried_through_a_pooler(
    pooler: dict[str, str], everyone: dict[str, str], server: TestServer
) -> None:
    """A table's rows take longer than a transaction of somebody else may wait; statements may pass."""
    endpoint = Endpoint(as_login(server.url, {**everyone, **pooler}), "target", "unified")

    async def connect() -> None:
        async with session(endpoint) as connection:
            assert connection.pooler == f"127.0.0.1:{pooler['port']}"
        async with copy_connection(endpoint):
            pass

    with pytest.raises(PooledError, match="a pooler stands at") as caught:
        asyncio.run(connect())
    assert "the URL of Postgres itself" in caught.value.hint
