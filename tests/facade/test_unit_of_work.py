"""What one database newly allows: the reader, and one transaction over several services."""

import uuid
from typing import Any

import pytest
from facades import ALL, ASYNC, SYNC, Home, a_login, as_login, firm, person, purse, run, staff, text_of
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from payrollx_db import auth, employee, organization, payroll, unified, wallet
from payrollx_db.auth import User
from payrollx_db.employee import Employee
from payrollx_db.errors import BoundaryError, PlacementError, TargetError
from payrollx_db.facade import engines
from payrollx_db.organization import Organization
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.wallet import Wallet

ME = text("SELECT current_user")
A, B, C, D = (uuid.UUID(int=n) for n in range(1, 5))
COUNTS = (
    "SELECT (SELECT count(*) FROM auth.users), (SELECT count(*) FROM organization.organizations),"
    " (SELECT count(*) FROM employee.employees), (SELECT count(*) FROM wallet.wallets)"
)


class OursError(Exception):
    """Raised in a with block."""


def hire(tx: Any) -> None:
    """Add one row to each of four services; each but the first two points at one before."""
    tx.auth.add(person(id=A))
    tx.organization.add(firm(id=B))
    tx.employee.add(staff(A, B, id=C))
    tx.wallet.add(purse(C, id=D))


FOUR = (auth, organization, employee, wallet)

# -- one transaction over several services ----------------------------------------------------------


@SYNC
def test_all_commit_together(home: Home, driver: str) -> None:
    home.move(driver)

    with unified.transaction(*FOUR) as tx:
        hire(tx)
        assert home.query(COUNTS) == [(0, 0, 0, 0)]

    assert home.query(COUNTS) == [(1, 1, 1, 1)]


@SYNC
def test_all_roll_back_together(home: Home, driver: str) -> None:
    home.move(driver)

    with pytest.raises(OursError), unified.transaction(*FOUR) as tx:
        hire(tx)
        for session in (tx.auth, tx.organization, tx.employee, tx.wallet):
            session.flush()
        raise OursError

    assert home.query(COUNTS) == [(0, 0, 0, 0)]
    with pytest.raises(DBAPIError), unified.transaction(*FOUR) as tx:
        hire(tx)
        tx.wallet.add(purse(A))
    assert home.query(COUNTS) == [(0, 0, 0, 0)]


@ASYNC
def test_async_code_has_the_same(home: Home, driver: str) -> None:
    home.move(driver)

    async def work() -> None:
        with pytest.raises(OursError):
            async with unified.async_transaction(*FOUR) as tx:
                hire(tx)
                await tx.auth.flush()
                raise OursError
        assert home.query(COUNTS) == [(0, 0, 0, 0)]
        async with unified.async_transaction(*FOUR) as tx:
            hire(tx)
            assert await tx.wallet.scalar(select(func.count()).select_from(Wallet)) == 1  # which flushes them all
            assert [await tx.auth.scalar(ME), await tx.wallet.scalar(ME)] == ["payrollx_auth", "payrollx_wallet"]
            with pytest.raises(BoundaryError):
                await tx.auth.execute(select(Wallet))
        async with unified.reader.async_session() as session:
            joined = select(User.email, Wallet.id).select_from(User).join(Employee).join(Wallet)
            assert tuple((await session.execute(joined)).one()) == ("ana@example.com", D)

    run(work())
    assert home.query(COUNTS) == [(1, 1, 1, 1)]


def test_rows_are_written_in_the_order_of_their_references(home: Home) -> None:
    """Whatever the order in which the services are named: users before employees, and their end before theirs."""
    with unified.transaction(wallet, employee, organization, auth) as tx:
        hire(tx)
    assert home.query(COUNTS) == [(1, 1, 1, 1)]

    with unified.transaction(*FOUR) as tx:
        for session, kind, key in ((tx.auth, User, A), (tx.organization, Organization, B), (tx.employee, Employee, C)):
            session.delete(session.get(kind, key))
        tx.wallet.delete(tx.wallet.get(Wallet, D))
    assert home.query(COUNTS) == [(0, 0, 0, 0)]


@SYNC
def test_each_session_is_confined_to_its_own(home: Home, driver: str) -> None:
    home.move(driver)

    with unified.transaction(auth, wallet) as tx:
        for _ in range(3):
            assert tx.auth.scalar(ME) == "payrollx_auth"
            assert tx.wallet.scalar(ME) == "payrollx_wallet"
            assert tx.wallet.scalar(text("SHOW search_path")) == "wallet"
        with pytest.raises(BoundaryError, match=r"auth may not read wallet\.wallets"):
            tx.auth.execute(select(Wallet))
        with pytest.raises(BoundaryError, match=r"wallet may not insert into auth\.users"):
            tx.wallet.execute(insert(User), [{"email": "a"}, {"email": "b"}])
        with pytest.raises(BoundaryError, match=r"auth may not use wallet\.wallets"), tx.auth.begin_nested():
            tx.auth.execute(text("SELECT * FROM wallet.wallets"))
        with pytest.raises(BoundaryError, match="has no connection for one of them; use"):
            tx.auth.connection()
        assert tx.auth.scalar(select(func.count()).select_from(User)) == 0
        assert tx.wallet.scalars(select(Wallet)).all() == []


@SYNC
def test_bulk_writes_stay_inside_too(home: Home, driver: str) -> None:
    home.move(driver)

    with unified.transaction(auth, wallet) as tx:
        tx.auth.bulk_save_objects([person("a"), person("b")])
        tx.auth.execute(update(User).values(role="ADMIN"))
    with pytest.raises(BoundaryError), unified.transaction(auth, wallet) as tx:
        tx.auth.execute(update(User).values(role="LOST"))
        tx.wallet.bulk_save_objects([person("c")])
    assert home.query("SELECT email, role FROM auth.users ORDER BY 1") == [
        ("a@example.com", "ADMIN"), ("b@example.com", "ADMIN"),
    ]  # fmt: skip


@SYNC
def test_a_savepoint_goes_back_for_all(home: Home, driver: str) -> None:
    """The role goes back with it, and is taken again."""
    home.move(driver)

    with unified.transaction(auth, organization, wallet) as tx:
        tx.auth.add(person("kept"))
        tx.auth.flush()
        with pytest.raises(OursError), tx.auth.begin_nested():
            tx.auth.execute(update(User).values(role="LOST"))
            tx.organization.add(firm())
            tx.organization.flush()
            assert tx.wallet.scalar(ME) == "payrollx_wallet"
            raise OursError
        assert tx.wallet.scalar(ME) == "payrollx_wallet"
        assert tx.auth.scalar(ME) == "payrollx_auth"
        with tx.organization.begin_nested():
            tx.organization.execute(insert(Organization).values(name="kept", created_by=A))
        tx.wallet.execute(text("SAVEPOINT raw"))
        tx.auth.execute(text("SELECT 1"))
        tx.auth.execute(text("ROLLBACK TO raw"))
        assert tx.auth.scalar(ME) == "payrollx_auth"

    assert home.query("SELECT email, role FROM auth.users") == [("kept@example.com", "EMPLOYEE")]
    assert home.query("SELECT name FROM organization.organizations") == [("kept",)]


@SYNC
def test_a_failure_inside_a_savepoint_hurts_nobody(home: Home, driver: str) -> None:
    home.move(driver)

    with unified.transaction(auth, wallet) as tx:
        with pytest.raises(Exception, match="division by zero"), tx.wallet.begin_nested():
            tx.wallet.execute(text("SELECT 1 / 0"))
        tx.auth.add(person())

    assert home.query("SELECT count(*) FROM auth.users") == [(1,)]


@ALL
def test_a_failure_outside_of_one_is_everyones(home: Home, driver: str) -> None:
    home.move(driver)

    def careless() -> None:
        with unified.transaction(auth, wallet) as tx:
            tx.auth.add(person())
            with pytest.raises(DBAPIError, match="division by zero"):
                tx.wallet.execute(text("SELECT 1 / 0"))
            tx.auth.flush()

    async def careless_async() -> None:
        async with unified.async_transaction(auth, wallet) as tx:
            tx.auth.add(person())
            with pytest.raises(DBAPIError, match="division by zero"):
                await tx.wallet.execute(text("SELECT 1 / 0"))
            await tx.auth.flush()

    with pytest.raises(TargetError, match=r"a statement of this transaction .* failed"):
        _ = run(careless_async()) if driver == "asyncpg" else careless()
    assert home.query("SELECT count(*) FROM auth.users") == [(0,)]


def test_who_takes_no_part_is_said(home: Home) -> None:
    with unified.transaction(payroll, wallet) as tx:
        assert set(dir(tx)) >= {"payroll", "wallet"}
        assert not hasattr(tx, "_auth")
        with pytest.raises(BoundaryError, match="auth takes no part in this transaction, which is over payroll"):
            _ = tx.auth
    for none in ((), (payroll, pytest), (payroll, "wallet")):
        with pytest.raises(BoundaryError, match=r"transaction\(orders, billing\)"):
            with unified.transaction(*none):  # type: ignore[arg-type]
                pass


def test_services_in_two_databases_share_no_transaction(home: Home) -> None:
    home.patch.setenv("WALLET_DATABASE_URL", "postgresql://wally:geheim@elsewhere:5433/purses")

    with pytest.raises(PlacementError) as caught, unified.transaction(payroll, wallet):
        pass

    said = str(caught.value)
    assert "payroll is in postgresql://" in said
    assert "and wallet in postgresql://wally:***@elsewhere:5433/purses" in said
    assert "geheim" not in said
    assert home.login.params["password"] not in said
    assert "WALLET_DATABASE_URL" in said


# -- the reader ---------------------------------------------------------------------------------------


@pytest.fixture
def hired(home: Home) -> Home:
    with unified.transaction(*FOUR) as tx:
        hire(tx)
    return home


@SYNC
def test_the_reader_joins_across_services(hired: Home, driver: str) -> None:
    hired.move(driver)

    with unified.reader.session() as session:
        report = select(User.email, Organization.name, Wallet.provider)
        report = report.join(Employee, Employee.user_id == User.id).join(Wallet).join(Organization)
        assert session.execute(report).one()[0] == "ana@example.com"
        assert session.scalar(ME) == unified.CATALOG.reader_role
        assert session.scalar(text("SELECT count(*) FROM wallet.wallets JOIN auth.users ON true")) == 1
        secrets = unified.CATALOG.secrets
        for table in unified.metadata.sorted_tables:
            shown = [column for column in table.columns if column.name not in secrets.get(table.fullname, ())]
            session.execute(select(*shown).limit(1))


WRITES: dict[str, Any] = {
    "insert": insert(User).values(email="x"),
    "update": update(User).values(email="x"),
    "delete": delete(Wallet),
    "a cte": select(delete(Wallet).returning(Wallet.id).cte()),
    "raw": text("UPDATE auth.users SET email = 'x'"),
    "truncate": text("TRUNCATE wallet.wallets"),
    "a block": text("DO $$ BEGIN DELETE FROM auth.users; END $$"),
    "lock": select(User).with_for_update(),
    "create": text("CREATE TABLE auth.mine (id integer)"),
    "sequence": text("SELECT nextval('transaction.transaction_logs_id_seq')"),
    "writable": text("SET TRANSACTION READ WRITE"),
    "leave": text("RESET ROLE"),
}


@SYNC
def test_the_reader_writes_nothing(hired: Home, driver: str) -> None:
    hired.move(driver)

    for name, statement in WRITES.items():
        if name == "writable":
            continue
        with pytest.raises(BoundaryError, match="the reader"), unified.reader.session() as session:
            session.execute(statement)
    with pytest.raises(BoundaryError, match="the reader only reads, and may not insert into anything; write through"):
        with unified.reader.session() as session:
            session.add(person())
    with pytest.raises(Exception, match=r"must be set before any query|permission denied|only reads"):
        with unified.reader.session() as session:
            session.scalar(ME)
            session.execute(WRITES["writable"])
            session.execute(text("DELETE FROM wallet.wallets"))
    assert hired.query(COUNTS) == [(1, 1, 1, 1)]


@SYNC
def test_the_reader_sees_one_moment(home: Home, driver: str) -> None:
    home.move(driver)

    with unified.reader.session() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 0
        with unified.transaction(*FOUR) as tx:
            hire(tx)
        assert session.scalar(select(func.count()).select_from(User)) == 0
        assert session.scalar(select(func.count()).select_from(Wallet)) == 0
    with unified.reader.session() as session:
        assert session.scalar(select(func.count()).select_from(Wallet)) == 1


def test_the_reader_says_what_lies_elsewhere(home: Home) -> None:
    url = DatabaseUrl.parse("postgresql://wally:geheim@elsewhere:5433/purses")
    home.patch.setenv("WALLET_DATABASE_URL", url.plain)

    with unified.reader.session() as session:
        assert session.scalars(select(User.email)).all() == []
        with pytest.raises(PlacementError, match=r"wallet is not in the unified database but in postgresql://wally:\*"):
            session.execute(select(Employee).join(Wallet))


def test_a_login_of_its_own_is_not_elsewhere(home: Home) -> None:
    with a_login(home.url, ["payrollx_wallet"]) as login:
        home.patch.setenv("WALLET_DATABASE_URL", text_of(as_login(home.url, login)))

        wallet.db.ping()
        with unified.reader.session() as session:
            assert session.execute(select(Employee).join(Wallet)).all() == []
        engines.dispose()


def test_a_process_of_one_service_has_neither(home: Home) -> None:
    home.patch.setenv("PAYROLLX_SERVICE", "wallet")

    wallet.db.ping()
    with unified.transaction(wallet) as tx:
        assert tx.wallet.scalar(ME) == "payrollx_wallet"
    with pytest.raises(BoundaryError, match="this process is the wallet service, and may not open payroll"):
        with unified.transaction(wallet, payroll):
            pass
    with pytest.raises(BoundaryError, match="this process is the wallet service, and may not open the reader"):
        with unified.reader.session():
            pass
