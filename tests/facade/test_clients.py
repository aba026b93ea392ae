"""Facades by name, and the log of what they send."""

import logging
from collections.abc import Iterator

import pytest
from facades import Home
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from payrollx_db import auth, wallet
from payrollx_db.errors import CatalogError, ConfigurationError, PayrollxError
from payrollx_db.facade import query_log
from payrollx_db.facade.clients import Clients


@pytest.fixture(autouse=True)
def _silent_again() -> Iterator[None]:
    yield
    query_log.stop()


def test_a_client_is_found_by_its_name_with_where_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ana:geheim@unified/all")
    monkeypatch.setenv("WALLET_DATABASE_URL", "postgresql://ana:geheim@elsewhere/purses")
    clients = Clients()
    assert clients.register(auth) is auth.db
    clients.register(wallet.db)
    assert clients.get("wallet") is wallet.db
    assert {client.name: client.url.masked for client in clients.all() if client.url} == {
        "auth": "postgresql://ana:***@unified/all",
        "wallet": "postgresql://ana:***@elsewhere/purses",
    }
    assert "auth" in clients
    assert clients.register(auth) is auth.db  # the same one once more is no other


def test_what_is_not_registered_is_named_with_what_is() -> None:
    clients = Clients()
    clients.register(auth)
    with pytest.raises(ConfigurationError, match="no client is registered as 'wallett'; registered are auth"):
        clients.get("wallett")
    with pytest.raises(CatalogError, match="is no facade"):
        clients.register(pytest)


def test_a_package_is_searched_for_what_is_not_registered_yet() -> None:
    clients = Clients("payrollx_db.catalogs.tec")
    assert clients.get("life").service.name == "life"
    for name in ("nowhere", "base", "life.x", "../life"):
        with pytest.raises(ConfigurationError):
            clients.get(name)


def test_a_client_that_lives_nowhere_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    clients = Clients()
    clients.register(auth)
    (client,) = clients.all()
    assert client.url is None
    assert "DATABASE_URL" in client.problem


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({}, "off"), ({"PAYROLLX_ENVIRONMENT": "development"}, "statements"),
        ({"PAYROLLX_ENVIRONMENT": "production"}, "errors"),
        ({"PAYROLLX_ENVIRONMENT": "development", "PAYROLLX_QUERY_LOG": "off"}, "off"),
    ],
)  # fmt: skip
def test_the_environment_says_what_is_logged(
    environ: dict[str, str], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAYROLLX_ENVIRONMENT", "PAYROLLX_QUERY_LOG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert query_log.start() == kind


def test_an_unknown_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYROLLX_QUERY_LOG", "everything")
    with pytest.raises(ConfigurationError, match="PAYROLLX_QUERY_LOG is 'everything'; use off, errors, statements"):
        query_log.start()


def test_statements_are_logged_without_a_value(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "payrollx_db.queries")
    query_log.start("statements")
    with auth.db.session() as session:
        session.execute(select(auth.User.id).where(auth.User.email == "secret@example.com"))
        session.execute(text("SELECT 'hidden', 4711 FROM auth.users WHERE email = $$also$$"))
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "auth " in logged
    assert "FROM auth.users" in logged
    for value in ("secret@example.com", "hidden", "4711", "also"):
        assert value not in logged


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT E'it\\'s hidden', 'hidden'", "SELECT ?, ?"),
        ("""SELECT "it's", 'hidden', "a ""b"" 1" FROM t1""", """SELECT "it's", ?, "a ""b"" 1" FROM t1"""),
        ("SELECT U&'hidden', x'ff', B'01', N'hidden', date'2020-01-01'", "SELECT ?, ?, ?, ?, date?"),
        ("SELECT 1.5e3, .5, 0x1F, 1_000, 2e-7, -3, a1, $1, %(p1)s", "SELECT ?, ?, ?, ?, ?, -?, a1, $1, %(p1)s"),
        ("SELECT 1 -- hidden\n, /* hidden /* deep */ 'hidden */ 2 /* hidden", "SELECT ? , ?"),
        ("SELECT $a$hidden $b$ 'hidden$a$, $$hidden$$ || 'hidden", "SELECT ?, ? || ?"),
        ("SELECT a.b[1:2], t.c::numeric(12,4)", "SELECT a.b[?:?], t.c::numeric(?,?)"),
    ],
)
def test_no_text_number_or_comment_of_a_statement_is_logged(statement: str, shown: str) -> None:
    assert query_log.without_values(statement) == shown


def test_values_are_logged_where_they_are_asked_for(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "payrollx_db.queries")
    query_log.start("statements", values=True)
    with auth.db.session() as session:
        session.execute(select(auth.User.id).where(auth.User.email == "seen@example.com"))
    assert "seen@example.com" in caplog.text


def test_in_production_failures_alone_are_logged(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "payrollx_db.queries")
    query_log.start("errors")
    with pytest.raises((DBAPIError, PayrollxError)), auth.db.session() as session:
        session.execute(select(auth.User.id))
        session.execute(text("SELECT 1/0, 'hidden'"))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "auth failed with 22012: SELECT ?/?, ?" in record.getMessage()


def test_nothing_is_logged_unless_it_is_started(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "payrollx_db.queries")
    with auth.db.session() as session:
        session.execute(select(auth.User.id))
    assert caplog.records == []
