"""What goes wrong with a facade's database: one clear error each, with no secret in it, and a pool that stays well."""

import gc
import socket
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import TestServer
from facades import ALL, ASYNC, SYNC, Home, a_login, as_login, person, run
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from payrollx_db import auth, unified, wallet
from payrollx_db.auth import User
from payrollx_db.errors import (
    BoundaryError,
    ConfigurationError,
    ConnectionLostError,
    PayrollxError,
    PoolUsedUpError,
    TargetError,
)
from payrollx_db.facade import engines
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import metadata

SECRET = "geheim-9f3"


def told(work: Callable[[], Any], kind: type[PayrollxError]) -> str:
    """Return what the error says, after a look for secrets in all that a log might show of it."""
    with pytest.raises(kind) as caught:
        work()
    error = caught.value
    shown = "".join([*traceback.format_exception(error), str(error), repr(error), *map(str, error.details)])
    assert SECRET not in shown
    assert error.hint
    assert "***" in str(error) or "://" not in str(error)
    return str(error)


def ping(driver: str) -> None:
    """Use the facade as a service with this driver would."""
    if driver == "asyncpg":
        run(auth.db.async_ping())
    else:
        auth.db.ping()


@pytest.fixture
def login(server: TestServer) -> Iterator[dict[str, str]]:
    with a_login(server.url, ["payrollx_auth"]) as made:
        yield made


# -- no way in ----------------------------------------------------------------------------------------


@ALL
def test_a_wrong_password(home: Home, driver: str) -> None:
    home.move(driver, as_login(home.login, {"password": SECRET}))

    said = told(lambda: ping(driver), TargetError)
    assert "can't connect to postgresql://" in said
    assert "password authentication failed" in said


@ALL
def test_a_server_that_is_not_there(home: Home, driver: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    home.move(driver, as_login(home.login, {"password": SECRET, "port": port, "host": "127.0.0.1"}))

    said = told(lambda: ping(driver), TargetError)
    assert "can't connect to postgresql://" in said
    assert "check that the server runs and the URL is right" in said


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # pg8000 leaves it to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "driver", [pytest.param("pg8000", marks=pytest.mark.long), "asyncpg"]
)  # libpq waits for two seconds at least
def test_a_server_that_says_nothing(home: Home, driver: str) -> None:
    home.patch.setenv("PAYROLLX_CONNECT_TIMEOUT", "1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        home.move(driver, as_login(home.login, {"port": str(silent.getsockname()[1]), "host": "127.0.0.1"}))
        assert "can't connect to postgresql://" in told(lambda: ping(driver), TargetError)
    gc.collect()


@SYNC
def test_a_statement_may_take_longer_than_connecting(home: Home, driver: str) -> None:
    home.patch.setenv("PAYROLLX_CONNECT_TIMEOUT", "1")
    home.move(driver)

    with auth.db.session() as session:
        assert session.execute(text("SELECT 1 FROM pg_sleep(1.2)")).scalar_one() == 1


@ALL
def test_a_database_that_is_not_there(home: Home, driver: str) -> None:
    home.move(driver, home.login.with_database("not_there"))

    assert "does not exist" in told(lambda: ping(driver), TargetError)


def test_a_host_that_is_not_there(home: Home) -> None:
    for driver in ("psycopg", "pg8000", "asyncpg"):
        home.move(driver, as_login(home.login, {"password": SECRET, "host": "nowhere.invalid"}))
        assert "can't connect to postgresql://" in told(lambda driver=driver: ping(driver), TargetError)  # type: ignore[misc]


@pytest.mark.parametrize("driver", ["pg8000", "asyncpg"])
def test_a_parameter_that_the_driver_does_not_know(home: Home, driver: str) -> None:
    home.move(driver, as_login(home.login, {"password": SECRET}), gssencmode="disable")

    said = told(lambda: ping(driver), ConfigurationError)
    assert f'{driver} has no parameter "gssencmode"' in said
    assert "remove it from the URL, or write postgresql+psycopg://" in said


def test_a_parameter_that_nobody_knows(home: Home) -> None:
    home.move("psycopg", as_login(home.login, {"password": SECRET}), colour="blue")

    assert 'DATABASE_URL has a parameter "colour"' in told(auth.db.ping, ConfigurationError)


@SYNC
def test_parameters_that_all_know(home: Home, driver: str) -> None:
    home.move(driver, sslmode="prefer", connect_timeout="5", connection_limit="3")

    auth.db.ping()
    home.move(driver, sslmode="sometimes")
    with pytest.raises(PayrollxError, match="sslmode"):
        auth.db.ping()


# -- no role, no tables -------------------------------------------------------------------------------


@ALL
def test_a_role_that_is_not_there(home: Home, driver: str) -> None:
    home.move(driver)
    lacking = Facade(
        Service("auth", "auth", "payrollx_nobody"), metadata=metadata, catalog="payrollx_db.unified:CATALOG"
    )

    async def whole() -> None:
        async with lacking.async_session() as session:
            await session.scalar(text("SELECT 1"))

    said = told((lambda: run(whole())) if driver == "asyncpg" else lacking.ping, TargetError)
    assert "has no role payrollx_nobody; payrollx-db migrate makes the roles; payrollx-db roles --check says" in said


@ALL
def test_a_login_that_may_not_take_the_role(home: Home, login: dict[str, str], driver: str) -> None:
    home.move(driver, as_login(home.url, login))

    ping(driver)
    work = (lambda: run(wallet.db.async_ping())) if driver == "asyncpg" else wallet.db.ping
    said = told(work, TargetError)
    assert f"{login['user']} may not act as payrollx_wallet on postgresql://" in said
    assert f"let a DBA run: GRANT payrollx_wallet TO {login['user']};" in said
    engines.dispose()


@ALL
def test_a_database_that_is_not_migrated(home: Home, database: DatabaseUrl, driver: str) -> None:
    home.move(driver, replace(home.login, params={**home.login.params, "dbname": database.dbname}))

    assert "has no auth.users; run payrollx-db migrate" in told(lambda: ping(driver), TargetError)
    if driver != "asyncpg":
        assert "lacks tables of auth" in told(lambda: one(auth.db, select(User)), TargetError)
        counting = select(func.count()).select_from(User)
        assert "run payrollx-db migrate" in told(lambda: one(auth.db, counting), TargetError)
        raw = text("SELECT 1 FROM auth.users")
        assert "run payrollx-db migrate" in told(lambda: one(auth.db, raw), TargetError)
        assert "run payrollx-db migrate" in told(read_users, TargetError)
    engines.dispose()


def one(db: Facade, statement: Any) -> None:
    with db.session() as session:
        session.execute(statement)


def read_users() -> None:
    with unified.reader.session() as session:
        session.scalars(select(User.email)).all()


def test_a_role_that_lost_its_own_schema(home: Home) -> None:
    home.query("REVOKE USAGE ON SCHEMA notification FROM payrollx_notification")
    try:
        said = told(lambda: one(unified.SERVICES[6].db, select(unified.SERVICES[6].Notification)), TargetError)
    finally:
        home.query("GRANT USAGE ON SCHEMA notification TO payrollx_notification")

    assert "the role payrollx_notification may not use what is its own" in said
    assert "payrollx-db roles --check" in said


@ALL
def test_a_role_that_lost_a_table_of_its_own(home: Home, driver: str) -> None:
    home.move(driver)
    home.query("REVOKE SELECT ON auth.users FROM payrollx_auth")
    try:
        assert "payrollx_auth may not read auth.users on postgresql://" in told(lambda: ping(driver), TargetError)
        if driver != "asyncpg":
            said = told(lambda: one(auth.db, select(User)), TargetError)
            assert "may not use what is its own" in said
            assert "payrollx-db roles --check" in said
    finally:
        home.query("GRANT SELECT ON auth.users TO payrollx_auth")


def test_a_slip_is_no_database_that_is_not_migrated(home: Home) -> None:
    for statement in (select(User).where(text("nobody.id = 1")), text("SELECT wallets.id FROM auth.users")):
        with pytest.raises(ProgrammingError, match="missing FROM-clause entry"):
            one(auth.db, statement)


# -- a connection that is lost ------------------------------------------------------------------------


def cut(home: Home, name: str) -> None:
    home.query(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '{name}'")


USUAL = {("psycopg", "before a statement"), ("pg8000", "before the commit")}
MOMENTS = ("before a statement", "before the commit", "before a rollback", "in a savepoint")


@pytest.mark.parametrize(
    ("driver", "when"),
    [
        pytest.param(driver, when, marks=() if (driver, when) in USUAL else pytest.mark.long)
        for driver in ("psycopg", "pg8000")
        for when in MOMENTS
    ],
)
def test_a_connection_that_is_lost(home: Home, driver: str, when: str) -> None:
    home.move(driver, application_name="lost")

    def work() -> None:
        with auth.db.session() as session:
            session.add(person())
            session.flush()
            if when == "in a savepoint":
                session.begin_nested()
            cut(home, "lost")
            if when == "before a rollback":
                raise ZeroDivisionError
            if when != "before the commit":
                session.scalar(select(func.count()).select_from(User))

    if when == "before a rollback":
        with pytest.raises(ZeroDivisionError):
            work()
    else:
        said = told(work, ConnectionLostError)
        at_end = "while the transaction ended (" in said and "may or may not be committed; look at" in said
        assert at_end is (when == "before the commit")
        assert at_end or "in the middle of a transaction" in said
    assert home.query("SELECT count(*) FROM auth.users") == [(0,)]
    for _ in range(3):
        auth.db.ping()
    assert engines.place(auth.db.url).engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    gc.collect()  # what was left open is told here


@ASYNC
def test_a_connection_that_is_lost_in_async_code(home: Home, driver: str) -> None:
    home.move(driver, application_name="lost")

    async def work() -> None:
        async with auth.db.async_session() as session:
            session.add(person())
            await session.flush()
            cut(home, "lost")
            await session.scalar(select(func.count()).select_from(User))

    async def whole() -> None:
        with pytest.raises(ConnectionLostError, match="in the middle of a transaction") as caught:
            await work()
        assert caught.value.transient
        await auth.db.async_ping()

    run(whole())
    assert home.query("SELECT count(*) FROM auth.users") == [(0,)]


@SYNC
def test_a_connection_that_was_lost_while_idle_is_replaced(home: Home, driver: str) -> None:
    home.move(driver, application_name="idle")
    auth.db.ping()

    cut(home, "idle")

    auth.db.ping()
    with auth.db.session() as session:
        session.add(person())
    assert home.query("SELECT count(*) FROM auth.users") == [(1,)]


@SYNC
def test_going_on_after_a_loss(home: Home, driver: str) -> None:
    """A loss that is swallowed is said again, and nothing is half kept."""
    home.move(driver, application_name="lost")

    def careless() -> None:
        with auth.db.session() as session:
            session.add(person())
            session.flush()
            cut(home, "lost")
            with pytest.raises(ConnectionLostError):
                session.scalar(text("SELECT 1"))

    with pytest.raises(Exception, match=r"lost|rolled back|invalid"):
        careless()
    assert home.query("SELECT count(*) FROM auth.users") == [(0,)]
    auth.db.ping()


@SYNC
def test_an_idle_transaction_that_the_server_ends(home: Home, driver: str) -> None:
    home.move(driver, application_name="sleepy")

    def work() -> None:
        with auth.db.session() as session:
            session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '1ms'"))
            while home.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sleepy'") != [(0,)]:
                pass
            session.scalar(text("SELECT 1"))

    assert "in the middle of a transaction" in told(work, ConnectionLostError)
    auth.db.ping()


# -- a pool that is used up -----------------------------------------------------------------------------


@ALL
def test_a_pool_that_is_used_up(home: Home, driver: str) -> None:
    for name, value in (("SIZE", "1"), ("OVERFLOW", "0"), ("TIMEOUT", "0")):
        home.patch.setenv(f"PAYROLLX_POOL_{name}", value)
    home.move(driver)

    def twice() -> None:
        with auth.db.session() as session, wallet.db.session() as other:
            session.scalar(text("SELECT 1"))
            other.scalar(text("SELECT 1"))

    async def twice_async() -> None:
        async with auth.db.async_session() as session, wallet.db.async_session() as other:
            await session.scalar(text("SELECT 1"))
            await other.scalar(text("SELECT 1"))

    said = told((lambda: run(twice_async())) if driver == "asyncpg" else twice, PoolUsedUpError)
    assert "all 1 connections to postgresql://" in said
    assert "keep transactions short, or raise PAYROLLX_POOL_SIZE; payrollx-db pool-budget says what fits" in said
    ping(driver)


@SYNC
def test_a_refusal_costs_no_connection(home: Home, driver: str) -> None:
    home.patch.setenv("PAYROLLX_POOL_SIZE", "1")
    home.patch.setenv("PAYROLLX_POOL_OVERFLOW", "0")
    home.move(driver)
    pid = text("SELECT pg_backend_pid()")
    with auth.db.session() as session:
        before = session.scalar(pid)

    for statement in (select(wallet.Wallet), text("SELECT * FROM wallet.wallets"), text("RESET ROLE")):
        with pytest.raises(BoundaryError), auth.db.session() as session:
            session.execute(statement)

    with auth.db.session() as session:
        assert session.scalar(pid) == before


def test_nothing_shows_the_password(home: Home) -> None:
    home.move("psycopg", as_login(home.login, {"password": SECRET}))
    place = engines.place(auth.db.url)

    for thing in (place, place.engine, place.engine.url, place.url, auth.db, place.engine.pool, place.settings):
        assert SECRET not in f"{thing!r} {thing}"
