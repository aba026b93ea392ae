"""doctor: what others' sessions do is named; and what it makes of databases that won't answer."""

import json
import threading
import time
from collections.abc import Iterator

import pytest
from check_docs import ROOT, Page
from conftest import TestServer, unique
from health_checks import call, found, look, sessions
from psycopg import sql
from worlds import query, value

from payrollx_db.health import examine as examination
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG


def test_a_transaction_that_is_open_for_long(patient: DatabaseUrl) -> None:
    with sessions(patient, application_name="sleeper") as (other,):
        place = f"session {other.info.backend_pid}"
        other.execute("BEGIN")
        other.execute("SELECT 1")
        assert found(patient, "long-transaction", place) == []
        (finding,) = found(patient, "long-transaction", place, transaction_seconds=0)
        other.execute("COMMIT")
        assert found(patient, "long-transaction", place, transaction_seconds=0) == []

    assert "(sleeper, idle in transaction): open for " in finding.message
    assert f"pg_terminate_backend({place.split()[1]})" in finding.remedy


def test_a_prepared_transaction_that_nobody_ended(patient: DatabaseUrl) -> None:
    if value(patient, "SELECT current_setting('max_prepared_transactions')") == "0":
        pytest.skip("this server takes no prepared transactions")
    name = unique("it's")
    place = f"prepared transaction {name}"
    with sessions(patient) as (other,):
        other.execute("BEGIN")
        other.execute(sql.SQL("PREPARE TRANSACTION {}").format(name))
    try:
        assert found(patient, "prepared-transaction", place) == []
        (finding,) = found(patient, "prepared-transaction", place, transaction_seconds=0)
    finally:
        query(patient, sql.SQL("ROLLBACK PREPARED {}").format(name).as_string())

    assert finding.remedy.endswith(sql.SQL("ROLLBACK PREPARED {}").format(name).as_string())
    assert found(patient, "prepared-transaction", place, transaction_seconds=0) == []


def limit_of(url: DatabaseUrl, most: int) -> None:
    statement = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(sql.Identifier(url.dbname), most)
    query(url, statement.as_string())


def test_connections_that_run_out(patient: DatabaseUrl) -> None:
    limit_of(patient, 10)
    try:
        with sessions(patient, 6):  # and perhaps one of doctor's own, that is about to end
            assert found(patient, "connections") == []
        with sessions(patient, 8):
            (warned,) = found(patient, "connections")
        with sessions(patient, 10):
            (failed,) = found(patient, "connections")
    finally:
        limit_of(patient, -1)

    assert (warned.severity, failed.severity) == ("warn", "error")
    assert "10 of the 10 sessions that its CONNECTION LIMIT allows are taken" in failed.message
    assert found(patient, "connections") == []


def test_a_service_that_takes_more_than_its_share(patient: DatabaseUrl) -> None:
    limit_of(patient, 24)
    try:
        with sessions(patient, 3, application_name="payrollx-auth"):
            assert found(patient, "over-budget") == []
        with sessions(patient, 4, application_name="payrollx-auth"):
            (finding,) = found(patient, "over-budget")
    finally:
        limit_of(patient, -1)

    assert (finding.subject, finding.place) == ("auth", "service auth")
    assert finding.message == "4 sessions, where an even share of 24 is 3"


@pytest.fixture
def login(patient: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """A login of the wallet service's, with a limit of two sessions."""
    name = unique("login")
    role = sql.Identifier(name)
    made = "CREATE ROLE {} LOGIN PASSWORD 'made up' CONNECTION LIMIT 2 IN ROLE payrollx_wallet"
    query(patient, sql.SQL(made).format(role).as_string())  # type: ignore[arg-type]
    yield DatabaseUrl({**patient.params, "user": name, "password": "made up"})
    query(patient, sql.SQL("DROP ROLE {}").format(role).as_string())


def test_a_login_near_its_limit_and_whose_sessions_are_whose(patient: DatabaseUrl, login: DatabaseUrl) -> None:
    place = f"login {login.params['user']}"
    with sessions(login, 2):
        health = look(patient)
    sizes = {service.name: service.connections for service in health.databases[0].services}

    assert [f.message for f in health.findings if f.place == place] == ["2 of its 2 sessions are taken"]
    assert (sizes["wallet"], sizes["auth"]) == (2, 0)
    assert found(patient, "connections", place) == []


def test_a_logins_sessions_elsewhere_count_as_well(
    server: TestServer, patient: DatabaseUrl, login: DatabaseUrl
) -> None:
    """A role's CONNECTION LIMIT is for the whole server."""
    place = f"login {login.params['user']}"
    elsewhere = server.create_database(unique("elsewhere"))
    try:
        with sessions(login.with_database(elsewhere.dbname)):
            assert found(patient, "connections", place) == []
            with sessions(login):
                (finding,) = found(patient, "connections", place)
    finally:
        server.drop_database(elsewhere.dbname)

    assert finding.message == "2 of its 2 sessions are taken"


def test_an_index_that_is_being_built_isnt_one_that_was_cut_off(patient: DatabaseUrl) -> None:
    with sessions(patient) as (other,):
        other.execute("BEGIN")
        other.execute("LOCK auth.users IN ROW EXCLUSIVE MODE")  # which the build waits for, its index half-made
        statement = "CREATE INDEX CONCURRENTLY slow ON auth.users (first_name)"
        build = threading.Thread(target=query, args=(patient, statement))
        build.start()
        try:
            while not value(patient, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"):
                time.sleep(0.01)
            assert found(patient, "invalid-index") == []
        finally:
            other.execute("COMMIT")
            build.join(30)

    query(patient, "DROP INDEX auth.slow")


def test_what_its_role_may_not_see_is_said(login: DatabaseUrl) -> None:
    health = look(login)
    codes = {finding.code: finding for finding in health.findings}

    assert health.databases[0].reachable
    assert "permission denied" in codes["not-checked"].message
    assert codes["hidden"].severity == "info"
    assert "made up" not in str(health)


def test_a_login_that_is_no_superuser_sees_everything(patient: DatabaseUrl) -> None:
    if value(patient, "SELECT current_setting('server_version_num')::integer") < 160000:
        pytest.skip("memberships aren't inherited one by one")
    (block,) = [b for b in Page(ROOT, "docs/operations.md").section("Doctor") if b.language == "sql"]
    name = unique("watcher")
    query(patient, block.text.replace("watcher", name).replace("payrollx_production", patient.dbname))
    query(patient, sql.SQL("ALTER ROLE {} PASSWORD 'made up'").format(sql.Identifier(name)).as_string())
    try:
        health = look(DatabaseUrl({**patient.params, "user": name, "password": "made up"}))
    finally:
        query(patient, sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)).as_string())

    assert [f for f in health.findings if f.code in ("not-checked", "hidden", "unreachable")] == []
    assert [f for f in health.findings if name in f.message] == []  # the walls don't count it as a hole


def test_a_locked_table_ends_no_examination(patient: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(examination.SETTINGS, "lock_timeout", "50ms")
    with sessions(patient) as (other,):
        other.execute("BEGIN")
        other.execute("LOCK auth.users IN ACCESS EXCLUSIVE MODE")
        (*_, finding) = found(patient, "not-checked")

    assert "lock timeout" in finding.message
    assert finding.remedy == "ask again in a moment"
    assert found(patient, "not-checked") == []


# -- databases that don't answer -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", *(f"{service.name.upper()}_DATABASE_URL" for service in CATALOG.services)):
        monkeypatch.delenv(name, raising=False)


def test_a_database_that_is_not_there(patient: DatabaseUrl) -> None:
    (finding,) = look(patient.with_database("nothing_there")).findings

    assert (finding.code, finding.severity) == ("unreachable", "error")
    assert "the database does not exist" in finding.message
    assert patient.params["password"] not in str(finding)


def test_a_server_that_takes_its_time(patient: DatabaseUrl) -> None:
    (finding,) = look(patient, timeout=0.001).findings

    assert finding.message == "no answer within 0.001 s"


def test_one_of_two_databases_is_down(
    server: TestServer, patient: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = server.create_database(unique("aside"))
    try:
        migrate.upgrade(aside, CATALOG, service="auth")
        monkeypatch.setenv("AUTH_DATABASE_URL", aside.plain)
        monkeypatch.setenv("DATABASE_URL", patient.plain)
        both = json.loads(call("--json").stdout)
        monkeypatch.setenv("AUTH_DATABASE_URL", aside.with_database("gone").plain)
        one = json.loads(call("--json").stdout)
        screen = call().stdout
    finally:
        server.drop_database(aside.dbname)

    # What is there of the whole server, such as other tests' roles, may have findings of its own.
    assert {f["code"] for f in both["findings"]}.isdisjoint({"unreachable", "behind", "not-migrated", "table-missing"})
    assert [len(database["services"]) for database in both["databases"]] == [1, 7]
    assert [database["reachable"] for database in one["databases"]] == [False, True]
    assert [(f["code"], f["service"]) for f in one["findings"]][:1] == [("unreachable", "auth")]
    assert "error  reachable" in screen
    assert "payroll " in screen
