"""Where services live: all in one database, each in its own, or some of both; the everyday use is the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from conftest import TestServer, unique
from facades import ASYNC, SYNC, Home, a_login, as_login, empty, firm, payday, person, purse, run, staff, text_of
from sqlalchemy import func, insert, select, text, update
from worlds import query

from payrollx_db import auth, employee, notification, organization, payroll, unified, wallet
from payrollx_db.auth import User
from payrollx_db.errors import BoundaryError, ConfigurationError, PlacementError
from payrollx_db.facade import engines as placement
from payrollx_db.facade.facade import Facade
from payrollx_db.facade.variables import url_of, variable
from payrollx_db.model.catalog import Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG, SERVICES, metadata

ROLE = text("SELECT current_user")
LAYOUTS = {
    "shared": (),
    "separate": tuple(service.name for service in CATALOG.services),
    "hybrid": ("wallet", "notification"),
}


@dataclass
class Layout:
    """Which services live by themselves, and where; the others are in the unified database."""

    apart: tuple[str, ...]
    urls: dict[str, DatabaseUrl]
    patch: pytest.MonkeyPatch
    login: dict[str, str]

    def move(self, driver: str) -> None:
        for name, url in self.urls.items():
            setting = variable(name) if name else "DATABASE_URL"
            self.patch.setenv(setting, text_of(as_login(url, self.login), driver))

    def query(self, service: str, statement: str) -> list[tuple[Any, ...]]:
        return query(self.urls.get(service, self.urls[""]), statement)


@pytest.fixture(scope="module")
def own_databases(server: TestServer, migrated_template: str) -> Iterator[dict[str, DatabaseUrl]]:
    """The unified database as ``""``, and one database for each service that has its tables alone."""
    urls = {"": server.create_database(unique("all"), migrated_template)}
    try:
        for service in CATALOG.services:
            urls[service.name] = server.create_database(unique(service.name))
            migrate.upgrade(urls[service.name], CATALOG, service=service.name)
        yield urls
    finally:
        for url in urls.values():
            server.drop_database(url.dbname)


@pytest.fixture(params=LAYOUTS)
def layout(
    request: pytest.FixtureRequest, own_databases: dict[str, DatabaseUrl], home: Home, everyone: dict[str, str]
) -> Iterator[Layout]:
    apart = LAYOUTS[request.param]
    made = Layout(apart, {name: own_databases[name] for name in ("", *apart)}, home.patch, everyone)
    made.move("psycopg")
    yield made
    placement.dispose()
    for name, url in made.urls.items():
        schemas = [CATALOG.service(name).schema] if name else [service.schema for service in CATALOG.services]
        empty(url, [table for table in CATALOG.tables() if table.partition(".")[0] in schemas])


# -- the same everywhere ----------------------------------------------------------------------------


@pytest.mark.parametrize("driver", ["psycopg", pytest.param("pg8000", marks=pytest.mark.long)])
def test_every_service_is_there(layout: Layout, driver: str) -> None:
    layout.move(driver)

    for module in SERVICES:
        assert module.db.ping() > 0
        with module.db.session() as session:
            assert session.scalar(ROLE) == module.service.role
            for table in module.db.tables.values():
                assert session.scalar(select(func.count()).select_from(table)) == 0


@SYNC
def test_everyday_use(layout: Layout, driver: str) -> None:
    layout.move(driver)

    with auth.db.session() as session:
        user = person()
        session.add(user)
    with organization.db.session() as session:
        made = firm()
        session.add(made)
    with employee.db.session() as session:
        worker = staff(user.id, made.id)
        session.add(worker)
    with wallet.db.session() as session:
        session.add(purse(worker.id))
    with payroll.db.session() as session:
        session.add(payday())
        session.execute(update(payroll.PayrollRun).values(currency="USD"))
    with pytest.raises(ZeroDivisionError), auth.db.session() as session:
        session.execute(insert(User).values(email="lost", password="", first_name="", last_name=""))
        _ = 1 / 0

    assert layout.query("auth", "SELECT email FROM auth.users") == [("ana@example.com",)]
    assert layout.query("wallet", "SELECT count(*) FROM wallet.wallets") == [(1,)]
    assert layout.query("payroll", "SELECT currency FROM payroll.payroll_runs") == [("USD",)]


@ASYNC
def test_everyday_use_in_async_code(layout: Layout, driver: str) -> None:
    layout.move(driver)

    async def work() -> None:
        async with auth.db.async_session() as session:
            session.add(person())
        async with notification.db.async_session() as session:
            assert await session.scalar(ROLE) == "payrollx_notification"
        for module in SERVICES:
            await module.db.async_ping()

    run(work())
    assert layout.query("auth", "SELECT email FROM auth.users") == [("ana@example.com",)]


@pytest.mark.parametrize("driver", ["psycopg", pytest.param("pg8000", marks=pytest.mark.long)])
def test_the_walls_stand(layout: Layout, driver: str) -> None:
    layout.move(driver)

    for module in SERVICES:
        for table in unified.metadata.sorted_tables:
            if table.schema == module.service.schema:
                continue
            owner = CATALOG.owner(table.fullname).name
            with pytest.raises(BoundaryError, match=f"belongs to the {owner} service"), module.db.session() as session:
                session.execute(select(table))
    for raw in ("SELECT * FROM wallet.wallets", "SELECT * FROM wallets"):
        with pytest.raises(BoundaryError, match=r"wallet\.wallets, which belongs to the wallet"):
            with auth.db.session() as session:
                session.execute(text(raw))


def test_what_needs_one_database_says_so(layout: Layout) -> None:
    together = (auth, organization) if layout.apart != LAYOUTS["separate"] else ()
    if together:
        with unified.transaction(*together) as tx:
            tx.auth.add(person())
    if "wallet" in layout.apart:
        with pytest.raises(PlacementError, match=r"wallet in postgresql://t\d+.*:\*\*\*@|wallet is in"):
            with unified.transaction(auth, wallet):
                pass
        with pytest.raises(PlacementError, match="wallet is not in the unified database but in postgresql://"):
            with unified.reader.session() as session:
                session.execute(select(wallet.Wallet))
    else:
        with unified.reader.session() as session:
            assert session.scalars(select(wallet.Wallet)).all() == []


def test_pools_are_one_a_url(layout: Layout) -> None:
    for module in SERVICES:
        module.db.ping()

    engines = {id(placement.place(module.db.url).engine) for module in SERVICES}
    assert len(engines) == len(layout.apart) + (len(layout.apart) < len(SERVICES))


# -- the environment --------------------------------------------------------------------------------


def test_a_services_own_variable_wins() -> None:
    given = {"DATABASE_URL": "postgresql://all/d", "WALLET_DATABASE_URL": "postgresql+pg8000://purses/w"}

    assert url_of("wallet", given).params["host"] == "purses"
    assert url_of("wallet", given).driver == "pg8000"
    assert url_of("auth", given).params["host"] == "all"
    assert url_of(None, given).params["host"] == "all"
    with pytest.raises(ConfigurationError, match="WALLET_DATABASE_URL is no Postgres URL; write it as"):
        url_of("wallet", given | {"WALLET_DATABASE_URL": "mysql://x"})


def test_a_process_of_one_service(home: Home) -> None:
    home.patch.setenv("PAYROLLX_SERVICE", "auth")
    home.move(application_name="")

    auth.db.ping()
    for refused in (wallet.db.ping, lambda: run(wallet.db.async_ping())):
        with pytest.raises(BoundaryError, match="this process is the auth service, and may not open wallet; do"):
            refused()
    home.patch.setenv("PAYROLLX_SERVICE", "aut")
    with pytest.raises(ConfigurationError, match="PAYROLLX_SERVICE is 'aut', which is no service; set it to"):
        auth.db.ping()


# -- logins -----------------------------------------------------------------------------------------


@SYNC
def test_a_login_that_is_in_one_role(home: Home, server: TestServer, driver: str) -> None:
    with a_login(server.url, ["payrollx_auth"]) as login:
        home.move(driver, as_login(home.url, login))
        with auth.db.session() as session:
            assert session.execute(text("SELECT current_user, session_user")).one() == ("payrollx_auth", login["user"])
        placement.dispose()


@SYNC
def test_a_login_that_is_the_role_needs_no_set_role(home: Home, server: TestServer, driver: str) -> None:
    """For it there is nothing to go back to: whatever leaves the role leaves it where it is."""
    with a_login(server.url, ["payrollx_auth"]) as login:
        home.move(driver, as_login(home.url, login))
        own = Facade(Service("auth", "auth", login["user"]), metadata=metadata, catalog="payrollx_db.unified:CATALOG")
        with own.session() as session:
            as_what = session.execute(text("SELECT current_user, current_setting('role')")).one()
            assert tuple(as_what) == (login["user"], "none")
            session.execute(text("DO $$ BEGIN EXECUTE 're' || 'set ro' || 'le'; END $$"))
            assert session.scalar(ROLE) == login["user"]
            session.add(person())
        with pytest.raises(BoundaryError), own.session() as session:
            session.execute(text("SELECT * FROM wallet.wallets"))
        placement.dispose()
