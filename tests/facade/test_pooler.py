"""The facades through PgBouncer in transaction pooling: one server session serves transactions of many."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import TestServer
from facades import ALL, TRACES, Home, as_login, async_leaves, leaves, person, run
from sqlalchemy import func, select, text
from worlds import value

from payrollx_db import auth, organization, unified, wallet
from payrollx_db.devserver.account import service_account
from payrollx_db.errors import BoundaryError, TargetError
from payrollx_db.postgres.session import Endpoint, copy_connection, session
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import SERVICES

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
INI = """
[databases]
* = host={host} port={port} user={user} password='made up'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 100
logfile = {folder}/pgbouncer.log
ignore_startup_parameters = extra_float_digits
"""

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def start(folder: Path, server: DatabaseUrl, user: str, size: int) -> tuple[subprocess.Popen[bytes], int]:
    account, port = service_account(), free_port()
    place = {"host": server.params["host"], "port": server.params.get("port", "5432"), "user": user}
    (folder / "pgbouncer.ini").write_text(INI.format(**place, listen=port, folder=folder, size=size))
    (folder / "users.txt").write_text(f'"{user}" "made up"\n')
    if account:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    assert PROGRAM
    running = subprocess.Popen([PROGRAM, "-q", str(folder / "pgbouncer.ini")], **identity)  # type: ignore[call-overload]
    return running, port


@pytest.fixture(scope="module")
def pooler(server: TestServer, everyone: dict[str, str]) -> Iterator[dict[str, str]]:
    """A pooler before the test's server, with two sessions for all clients: what URLs say of it."""
    folder = Path(tempfile.mkdtemp(prefix="payrollx-db-"))
    running, port = start(folder, server.url, everyone["user"], 2)
    place = {"host": "127.0.0.1", "port": str(port)}
    probe = as_login(server.url, {**everyone, **place})
    try:
        for _ in range(100):
            try:
                psycopg.connect(probe.conninfo(), prepare_threshold=None).close()
                break
            except psycopg.OperationalError:
                assert running.poll() is None, (folder / "pgbouncer.log").read_text()
                time.sleep(0.05)
        yield place
    finally:
        running.terminate()
        running.wait(10)
        shutil.rmtree(folder)


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


@pytest.mark.parametrize("opened", [session, copy_connection])
def test_a_session_of_a_run_is_refused_and_the_hint_names_the_pooler(
    pooler: dict[str, str], server: TestServer, opened: Any
) -> None:
    """Its settings would stay in a server's session that somebody else gets next."""

    async def connect() -> None:
        async with opened(Endpoint(as_login(server.url, pooler), "target", "unified")):
            pass

    with pytest.raises(TargetError) as caught:
        asyncio.run(connect())
    assert (caught.value.sqlstate, caught.value.transient) == ("08P01", False)
    assert "point the URL at the server itself" in caught.value.hint
