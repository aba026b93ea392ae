"""A server that speaks German is understood as well: nothing is judged by the server's words."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import unique
from facades import ALL, run, text_of
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from worlds import query

from payrollx_db import auth, unified, wallet
from payrollx_db.auth import User
from payrollx_db.devserver import create_database, drop_database
from payrollx_db.errors import BoundaryError, ConnectionLostError, TargetError
from payrollx_db.facade import engines
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG


@pytest.fixture(scope="module")
def migrated(german: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """PayrollX's database on the server that speaks German."""
    url = german.with_database(unique("walled"))
    create_database(german, url.dbname)
    migrate.upgrade(url, CATALOG)
    yield url
    drop_database(german, url.dbname)


@pytest.fixture
def place(migrated: DatabaseUrl, driver: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseUrl]:
    monkeypatch.setenv("DATABASE_URL", text_of(migrated, driver))
    yield migrated
    engines.dispose()


def execute(db: Any, driver: str, *steps: Any) -> None:
    """Execute statements, or call functions, in one transaction of a service's."""

    async def whole() -> None:
        async with db.async_session() as session:
            for step in steps:
                step() if callable(step) else await session.execute(step)

    if driver == "asyncpg":
        run(whole())
        return
    with db.session() as session:
        for step in steps:
            step() if callable(step) else session.execute(step)


@ALL
def test_what_another_service_owns(place: DatabaseUrl, driver: str) -> None:
    for sql in ("SELECT * FROM wallet.wallets", 'DELETE FROM "wallet"."wallets"'):
        with pytest.raises(BoundaryError, match=r"auth may not use wallet\.wallets, which belongs to the wallet serv"):
            execute(auth.db, driver, text(sql))
    with pytest.raises(BoundaryError, match=r"auth may not use wallet\.wallets, which belongs to the wallet service"):
        execute(auth.db, driver, text("SET LOCAL search_path TO wallet"), text("SELECT * FROM wallets /* wallet. */"))


@ALL
def test_what_is_its_own_and_can_not_be_used(place: DatabaseUrl, driver: str) -> None:
    query(place, "REVOKE SELECT ON auth.users FROM payrollx_auth")
    try:
        with pytest.raises(TargetError, match="the role payrollx_auth may not use what is its own"):
            execute(auth.db, driver, select(User))
    finally:
        query(place, "GRANT SELECT ON auth.users TO payrollx_auth")


@ALL
def test_what_is_its_own_and_not_there(place: DatabaseUrl, driver: str) -> None:
    query(place, "ALTER TABLE auth.users RENAME TO mislaid")
    try:
        for statement in (select(User), text("SELECT * FROM auth.users")):
            with pytest.raises(TargetError, match=r"lacks tables of auth: .*run payrollx-db migrate"):
                execute(auth.db, driver, statement)
    finally:
        query(place, "ALTER TABLE auth.mislaid RENAME TO users")


@ALL
def test_a_slip_stays_sqlalchemys(place: DatabaseUrl, driver: str) -> None:
    for statement in (select(User).where(text("nobody.id = 1")), text("SELECT wallets.id FROM auth.users")):
        with pytest.raises(ProgrammingError, match="FROM-Klausel"):
            execute(auth.db, driver, statement)


@ALL
def test_a_role_that_is_not_there(place: DatabaseUrl, driver: str) -> None:
    query(place, "ALTER ROLE payrollx_wallet RENAME TO mislaid")
    try:
        with pytest.raises(TargetError, match="has no role payrollx_wallet; payrollx-db migrate makes the roles"):
            execute(wallet.db, driver, text("SELECT 1"))
    finally:
        query(place, "ALTER ROLE mislaid RENAME TO payrollx_wallet")


@ALL
def test_a_session_that_the_server_ends(place: DatabaseUrl, driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"mortal-{driver}"
    monkeypatch.setenv("DATABASE_URL", text_of(place, driver, application_name=name))

    def end() -> None:
        query(place, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '{name}'")

    with pytest.raises(ConnectionLostError) as caught:
        execute(auth.db, driver, text("SELECT 1"), end, text("SELECT 1"))

    assert caught.value.transient


@pytest.mark.parametrize("driver", ["psycopg", "pg8000"])
def test_the_reader_writes_nothing(place: DatabaseUrl, driver: str) -> None:
    with pytest.raises(BoundaryError, match="the reader only reads"), unified.reader.session() as session:
        session.execute(text("CREATE TABLE auth.mine ()"))


@ALL
def test_a_login_that_is_refused(place: DatabaseUrl, driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = DatabaseUrl({**place.params, "password": "not the right one"})
    monkeypatch.setenv("DATABASE_URL", text_of(wrong, driver))

    with pytest.raises(TargetError, match="can't connect") as caught:
        execute(auth.db, driver, text("SELECT 1"))

    assert caught.value.sqlstate == "28P01"
    assert "password" in caught.value.hint
    assert "Passwort" not in str(caught.value)
