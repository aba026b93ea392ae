"""A pool lends sessions again, those that are sound only, and leaves none open."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest
from conftest import TestServer
from watchers import eventually
from worlds import query, value

from payrollx_db.errors import TargetError
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.session_pool import FEW_IDLE, MOST_IDLE, SessionPool
from payrollx_db.postgres.url import DatabaseUrl


@pytest.fixture
def endpoint(server: TestServer) -> Endpoint:
    return Endpoint(server.url, "target", "it", "payrollx-db test pool")


def pids(url: DatabaseUrl) -> set[int]:
    listed = "SELECT pid FROM pg_stat_activity WHERE application_name = 'payrollx-db test pool'"
    return {pid for (pid,) in query(url, listed)}


async def psycopg_pid(pool: SessionPool, endpoint: Endpoint, **options: bool) -> int:
    async with pool.session(endpoint, **options) as connection:
        return connection.info.backend_pid


async def asyncpg_pid(pool: SessionPool, endpoint: Endpoint, **options: bool) -> int:
    async with pool.copy_connection(endpoint, **options) as connection:
        return int(connection.get_server_pid())


PIDS: dict[str, Any] = {"psycopg": psycopg_pid, "asyncpg": asyncpg_pid}


@pytest.mark.parametrize("driver", PIDS)
def test_a_session_is_lent_again_and_closed_with_the_pool(driver: str, endpoint: Endpoint) -> None:
    async def go() -> tuple[list[int], set[int]]:
        async with SessionPool() as pool:
            lent = [await PIDS[driver](pool, endpoint) for _ in range(3)]
            return lent, pids(endpoint.url)

    lent, open_meanwhile = asyncio.run(go())

    assert len(set(lent)) == 1
    assert set(lent) <= open_meanwhile
    gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)"
    eventually(lambda: value(endpoint.url, gone, (lent,)) == 0, "the session's end")


@pytest.mark.parametrize("driver", PIDS)
def test_a_fresh_session_is_nobody_elses(driver: str, endpoint: Endpoint) -> None:
    async def go() -> list[int]:
        async with SessionPool() as pool:
            order = (False, True, False, True)
            return [await PIDS[driver](pool, endpoint, fresh=fresh) for fresh in order]

    shared, fresh, again, another = asyncio.run(go())

    assert shared == again
    assert len({shared, fresh, another}) == 3


@pytest.mark.parametrize("driver", PIDS)
def test_a_session_that_was_ended_is_not_lent_again(driver: str, endpoint: Endpoint) -> None:
    async def go() -> tuple[int, int]:
        async with SessionPool() as pool:
            first = await PIDS[driver](pool, endpoint)
            query(endpoint.url, "SELECT pg_terminate_backend(%s, 5000)", (first,))
            await asyncio.sleep(0.1)  # for its socket to be read
            return first, await PIDS[driver](pool, endpoint)

    first, second = asyncio.run(go())

    assert first != second


def test_a_session_with_an_open_transaction_is_not_lent_again(endpoint: Endpoint) -> None:
    async def go() -> tuple[int, int]:
        async with SessionPool() as pool:
            async with pool.session(endpoint) as connection:
                await connection.execute("BEGIN")
                first = connection.info.backend_pid
            return first, await psycopg_pid(pool, endpoint)

    first, second = asyncio.run(go())

    assert first != second


def test_two_pools_and_two_endpoints_share_nothing(endpoint: Endpoint) -> None:
    other = Endpoint(endpoint.url, "target", "it", endpoint.application_name)

    async def go() -> list[int]:
        async with SessionPool() as pool, SessionPool() as another:
            return [
                await psycopg_pid(pool, endpoint),
                await psycopg_pid(pool, other),
                await psycopg_pid(another, endpoint),
            ]

    assert len(set(asyncio.run(go()))) == 3


def test_it_keeps_no_more_than_it_may(endpoint: Endpoint) -> None:
    async def hold(pool: SessionPool, opened: list[Connection], ready: asyncio.Event) -> None:
        async with pool.session(endpoint) as connection:
            opened.append(connection)
            if len(opened) == MOST_IDLE + 2:
                ready.set()
            await ready.wait()

    async def go() -> int:
        opened: list[Connection] = []
        async with SessionPool() as pool:
            ready = asyncio.Event()
            await asyncio.gather(*(hold(pool, opened, ready) for _ in range(MOST_IDLE + 2)))
            return sum(not connection.closed for connection in opened)

    assert asyncio.run(go()) == MOST_IDLE


def test_sessions_of_sources_leave_room_for_those_of_the_target(endpoint: Endpoint) -> None:
    source = Endpoint(endpoint.url, "source", "it", endpoint.application_name)

    async def hold(pool: SessionPool, opened: list[Connection], ready: asyncio.Event) -> None:
        async with pool.session(source) as connection:
            opened.append(connection)
            if len(opened) == MOST_IDLE:
                ready.set()
            await ready.wait()

    async def go() -> list[int]:
        async with SessionPool() as pool:
            opened: list[Connection] = []
            ready = asyncio.Event()
            await asyncio.gather(*(hold(pool, opened, ready) for _ in range(MOST_IDLE)))
            return [await psycopg_pid(pool, endpoint), await psycopg_pid(pool, endpoint)]

    first, second = asyncio.run(go())
    assert first == second


def login(server: TestServer, limit: int) -> Endpoint:
    """Return an endpoint of a new login that may have so many sessions."""
    name, password = f"pooled_{secrets.token_hex(4)}", secrets.token_hex(8)
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' CONNECTION LIMIT {limit}".encode())
    params = {**server.url.params, "user": name, "password": password}
    return Endpoint(DatabaseUrl(params), "target", "it", "payrollx-db test pool")


async def at_once(pool: SessionPool, endpoint: Endpoint, number: int) -> list[Connection]:
    """Lend so many sessions at the same time, and return them when all are given back."""
    async with AsyncExitStack() as stack:
        lent = [pool.session(endpoint) for _ in range(number)]
        return [await stack.enter_async_context(session) for session in lent]


@pytest.mark.parametrize(("limit", "kept"), [(FEW_IDLE + 6, FEW_IDLE), (3 * FEW_IDLE + 4, FEW_IDLE + 4)])
def test_no_more_wait_than_the_server_has_left(limit: int, kept: int, server: TestServer) -> None:
    endpoint = login(server, limit)

    async def go() -> int:
        async with SessionPool() as pool:
            return sum(not connection.closed for connection in await at_once(pool, endpoint, FEW_IDLE + 4))

    assert asyncio.run(go()) == kept


@pytest.mark.parametrize("driver", PIDS)
def test_sessions_that_wait_are_given_up_where_the_server_has_none_left(driver: str, server: TestServer) -> None:
    endpoint = login(server, 3)
    other = Endpoint(endpoint.url, "source", "it", endpoint.application_name)

    async def go() -> tuple[list[bool], int]:
        async with SessionPool() as pool:
            lent = await at_once(pool, endpoint, 3)
            pid = await PIDS[driver](pool, other)
            return [connection.closed for connection in lent], pid

    closed, pid = asyncio.run(go())
    assert all(closed)
    assert pid


def test_one_more_than_the_server_has_is_refused_as_it_is(server: TestServer) -> None:
    endpoint = login(server, 2)

    async def go() -> None:
        async with SessionPool() as pool:
            await at_once(pool, endpoint, 3)

    with pytest.raises(TargetError) as refused:
        asyncio.run(go())
    assert refused.value.sqlstate == "53300"
