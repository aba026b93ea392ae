"""The everyday use of a facade: sessions, tables, pools, settings."""

import asyncio
import gc
import uuid
from contextlib import suppress

import pytest
from facades import ALL, ASYNC, SYNC, Home, close_pools, payday, person, run, still_open
from sqlalchemy import delete, func, insert, orm, select, text, update
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession

from payrollx_db import auth, payroll, unified, wallet
from payrollx_db.errors import BoundaryError, TargetError
from payrollx_db.facade import engines
from payrollx_db.facade.facade import Session
from payrollx_db.facade.transaction_settings import Isolation
from payrollx_db.facade.wall import ACTIVE_SERVICE

EMAILS = "SELECT email FROM auth.users ORDER BY email"
ME = text("SELECT current_user, session_user, current_schemas(false)")


class OursError(Exception):
    """Raised in a with block."""


@SYNC
def test_a_session_commits_at_its_end(home: Home, driver: str) -> None:
    home.move(driver)

    with auth.db.session() as session:
        session.add(person())
        session.flush()
        assert home.query(EMAILS) == []

    assert home.query(EMAILS) == [("ana@example.com",)]
    with auth.db.session() as session:
        user = session.scalars(select(auth.User).where(auth.User.email == "ana@example.com")).one()
    assert user.first_name == "ana"  # usable after the block
    assert user.created_at.tzinfo


@SYNC
def test_an_exception_rolls_back(home: Home, driver: str) -> None:
    home.move(driver)

    with pytest.raises(OursError), auth.db.session() as session:
        session.add(person())
        session.flush()
        raise OursError

    assert home.query(EMAILS) == []


@ASYNC
def test_async_sessions_do_the_same(home: Home, driver: str) -> None:
    home.move(driver)

    async def work() -> str:
        async with auth.db.async_session() as session:
            assert isinstance(session, AsyncSession)
            session.add(person())
        with pytest.raises(OursError):
            async with auth.db.async_session() as session:
                session.add(person("ben"))
                await session.flush()
                raise OursError
        async with auth.db.async_session() as session:
            user = (await session.scalars(select(auth.User))).one()
        assert await auth.db.async_ping() > 0
        assert still_open()
        await close_pools()
        assert not still_open()
        return user.email

    assert run(work()) == "ana@example.com"
    assert home.query(EMAILS) == [("ana@example.com",)]


@ALL
def test_a_transaction_runs_under_the_services_role(home: Home, driver: str) -> None:
    home.move(driver)
    me = ("payrollx_wallet", home.login.params["user"], ["wallet"])

    async def asks() -> tuple[object, ...]:
        async with wallet.db.async_session() as session:
            return tuple((await session.execute(ME)).one())

    if driver == "asyncpg":
        assert run(asks()) == me
        return
    with wallet.db.session() as session:
        assert tuple(session.execute(ME).one()) == me
    with wallet.db.session() as session:
        assert tuple(session.connection().execute(ME).one()) == me
        assert session.connection().connection.cursor().execute("SELECT current_user").fetchone()[0] == me[0]


@SYNC
def test_a_nested_transaction_that_fails_leaves_the_rest(home: Home, driver: str) -> None:
    home.move(driver)

    with auth.db.session() as session:
        session.add(person("ana"))
        with pytest.raises(DBAPIError), session.begin_nested():
            session.add(auth.User(id=uuid.uuid4(), email=None, password="", first_name="", last_name=""))
        session.add(person("ben"))
        with session.begin_nested() as nested:
            session.add(person("cyd"))
            session.flush()
            nested.rollback()
        assert session.scalar(text("SELECT current_user")) == "payrollx_auth"

    assert home.query(EMAILS) == [("ana@example.com",), ("ben@example.com",)]


@ALL
def test_a_nested_transaction_that_fails_leaves_the_settings(home: Home, driver: str) -> None:
    home.patch.setenv("PAYROLLX_STATEMENT_TIMEOUT", "30s")
    home.move(driver)
    statement = text("SELECT current_setting('statement_timeout'), current_user")

    def patient(session: orm.Session) -> object:
        session.execute(text("SET LOCAL statement_timeout = '5min'"))
        with suppress(OursError), session.begin_nested():
            session.add(person())
            session.flush()
            raise OursError
        return tuple(session.execute(statement).one())

    async def work() -> object:
        async with auth.db.async_session() as session:
            return await session.run_sync(patient)

    if driver == "asyncpg":
        assert run(work()) == ("5min", "payrollx_auth")
        return
    with auth.db.session() as session:
        assert patient(session) == ("5min", "payrollx_auth")


@ALL
@pytest.mark.parametrize("before", ["SELECT 1", "SET work_mem = '7MB'"], ids=["plain", "with traces"])
def test_a_failure_that_was_swallowed_is_no_commit(home: Home, driver: str, before: str) -> None:
    """COMMIT of a failed transaction is a ROLLBACK that says nothing."""
    home.move(driver)

    def careless() -> None:
        with auth.db.session() as session:
            session.execute(text(before))
            session.add(person())
            session.flush()
            with suppress(DBAPIError):
                session.execute(text("SELECT 1 / 0"))

    async def careless_async() -> None:
        async with auth.db.async_session() as session:
            await session.execute(text(before))
            session.add(person())
            await session.flush()
            with suppress(DBAPIError):
                await session.execute(text("SELECT 1 / 0"))

    with pytest.raises(TargetError, match="nothing of it can be kept; let the error leave the with block"):
        _ = run(careless_async()) if driver == "asyncpg" else careless()
    assert home.query(EMAILS) == []
    auth.db.ping()


@SYNC
def test_a_failure_that_was_undone_is_no_reason_not_to_commit(home: Home, driver: str) -> None:
    home.move(driver)

    with auth.db.session() as session:
        session.add(person())
        session.flush()
        session.execute(text("SAVEPOINT mine"))
        with suppress(DBAPIError):
            session.execute(text("SELECT 1 / 0"))
        session.execute(text("ROLLBACK TO mine"))

    assert home.query(EMAILS) == [("ana@example.com",)]


@SYNC
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_session_says_how_it_is_isolated(home: Home, driver: str, isolation: Isolation) -> None:
    home.move(driver)

    with auth.db.session(isolation=isolation, read_only=True) as session:
        assert session.scalar(text("SHOW transaction_isolation")) == isolation.lower()
        assert session.scalar(text("SHOW transaction_read_only")) == "on"
    with auth.db.session() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert session.scalar(text("SHOW transaction_read_only")) == "off"


@pytest.mark.parametrize("option", ["isolation_level", "postgresql_readonly", ACTIVE_SERVICE])
def test_the_connection_takes_no_options_of_the_facades_own(home: Home, option: str) -> None:
    with auth.db.session() as session:
        with pytest.raises(BoundaryError, match=f"takes no option {option}; say how a transaction runs"):
            session.connection(execution_options={option: "SERIALIZABLE"})
        connection = session.connection(execution_options={"stream_results": True})
        with pytest.raises(BoundaryError, match=f"takes no option {option}"):
            connection.execution_options(**{option: "SERIALIZABLE"})


@ALL
def test_every_service_writes_and_reads_its_own(home: Home, driver: str) -> None:
    home.move(driver)

    async def through_async() -> None:
        async with payroll.db.async_session() as session:
            made = payday()
            session.add(made)
            await session.flush()
            found = await session.get(payroll.PayrollRun, made.id)
            assert found is made
            assert (await session.scalar(select(func.count()).select_from(payroll.PayrollRun))) == 1

    if driver == "asyncpg":
        run(through_async())
        return
    with payroll.db.session() as session:
        run_id = session.scalar(insert(payroll.PayrollRun).values(**_values()).returning(payroll.PayrollRun.id))
        session.execute(update(payroll.PayrollRun).values(currency="USD").where(payroll.PayrollRun.id == run_id))
        assert session.scalars(select(payroll.PayrollRun.currency)).all() == ["USD"]
        session.execute(delete(payroll.PayrollRun))


def _values() -> dict[str, object]:
    whole = {column.name: getattr(payday(), column.name) for column in payroll.db.payroll_runs.columns}
    return {name: value for name, value in whole.items() if value is not None}


@ALL
def test_rows_can_be_streamed(home: Home, driver: str) -> None:
    home.move(driver)
    with auth.db.session() as session:
        session.add_all(person(f"p{n}") for n in range(10))

    async def whole() -> int:
        async with auth.db.async_session() as session:
            rows = await session.stream_scalars(select(auth.User).execution_options(yield_per=3))
            return len([user.email async for user in rows])

    if driver != "pg8000":
        assert run(whole()) == 10
    if driver != "asyncpg":
        with auth.db.session() as session:
            parts = session.scalars(select(auth.User).execution_options(yield_per=3)).partitions()
            assert [len(part) for part in parts] == [3, 3, 3, 1]


@pytest.mark.parametrize("driver", ["psycopg", pytest.param("pg8000", marks=pytest.mark.long)])
def test_a_session_that_is_left_lying_about_is_no_way_out(home: Home, driver: str) -> None:
    """The pool rolls it back without a word to SQLAlchemy's events; what comes next has its role all the same."""
    home.patch.setenv("PAYROLLX_POOL_SIZE", "1")
    home.patch.setenv("PAYROLLX_POOL_OVERFLOW", "0")
    home.move(driver)
    view = engines.place(auth.db.url).view(auth.db.wall, isolation=None, read_only=False)
    for _ in range(2):
        session = Session(view)
        assert session.scalar(text("SELECT current_user")) == "payrollx_auth"
        del session
        gc.collect()
    with auth.db.session() as session:
        assert session.scalar(text("SELECT current_user")) == "payrollx_auth"


def test_closed_is_closed(home: Home) -> None:
    """What is written after the block would be in a transaction that nobody ends."""
    with auth.db.session() as session:
        pass
    with pytest.raises(InvalidRequestError, match="closed"):
        session.add(person())
        session.flush()
    with unified.transaction(auth) as tx:
        pass
    with pytest.raises(InvalidRequestError, match="closed"):
        tx.auth.execute(text("SELECT 1"))

    async def late() -> None:
        async with auth.db.async_session() as session:
            pass
        await session.execute(text("SELECT 1"))

    with pytest.raises(InvalidRequestError, match="closed"):
        run(late())


@ASYNC
def test_a_task_that_is_cancelled_leaves_a_pool_that_is_well(home: Home, driver: str) -> None:
    home.patch.setenv("PAYROLLX_POOL_SIZE", "1")
    home.patch.setenv("PAYROLLX_POOL_OVERFLOW", "0")
    home.move(driver)

    async def slow() -> None:
        async with auth.db.async_session() as session:
            session.add(person())
            await session.flush()
            await session.execute(text("SELECT pg_sleep(30)"))

    async def whole() -> None:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(slow(), 0.2)
        await auth.db.async_ping()
        await close_pools()
        assert not still_open()

    run(whole())
    assert home.query(EMAILS) == []


@ASYNC
def test_a_task_that_is_cancelled_while_it_meets_the_server(home: Home, driver: str) -> None:
    home.move(driver)
    ask = PGDialect._get_server_version_info  # noqa: SLF001

    def cancelled(*arguments: object) -> object:
        if task := asyncio.current_task():
            task.cancel()
        return ask(*arguments)

    async def whole() -> None:
        with home.patch.context() as patch:
            patch.setattr(PGDialect, "_get_server_version_info", cancelled)
            with pytest.raises(asyncio.CancelledError):
                await asyncio.create_task(auth.db.async_ping())
        await auth.db.async_ping()

    run(whole())
