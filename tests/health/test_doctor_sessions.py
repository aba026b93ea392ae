"""doctor: what others' sessions do is named; and what it makes of databases that won't answer."""

import json
import re
import threading
from collections.abc import Iterator

import pytest
from check_docs import ROOT, Page
from conftest import TestServer, unique
from health_checks import doctor, findings_of, health_of, sessions
from psycopg import sql
from watchers import eventually
from worlds import query, value

from payrollx_db.health import examine as examination
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG


def test_a_transaction_that_is_open_for_long(examined: DatabaseUrl) -> None:
    with sessions(examined, application_name="sleeper") as (other,):
        place = f"session {other.info.backend_pid}"
        other.execute("BEGIN")
        other.execute("SELECT 1")
        assert findings_of(examined, "long-transaction", place) == []
        (finding,) = findings_of(examined, "long-transaction", place, transaction_seconds=0)
        other.execute("COMMIT")
        assert findings_of(examined, "long-transaction", place, transaction_seconds=0) == []

    assert "(sleeper, idle in transaction): open for " in finding.message
    assert f"pg_terminate_backend({place.split()[1]})" in finding.remedy


def test_a_prepared_transaction_that_nobody_ended(examined: DatabaseUrl) -> None:
    if value(examined, "SELECT current_setting('max_prepared_transactions')") == "0":
        pytest.skip("this server takes no prepared transactions")
    name = unique("it's")
    place = f"prepared transaction {name}"
    with sessions(examined) as (other,):
        other.execute("BEGIN")
        other.execute(sql.SQL("PREPARE TRANSACTION {}").format(name))
    try:
        assert findings_of(examined, "prepared-transaction", place) == []
        (finding,) = findings_of(examined, "prepared-transaction", place, transaction_seconds=0)
    finally:
        query(examined, sql.SQL("ROLLBACK PREPARED {}").format(name).as_string())

    assert finding.remedy.endswith(sql.SQL("ROLLBACK PREPARED {}").format(name).as_string())
    assert findings_of(examined, "prepared-transaction", place, transaction_seconds=0) == []


def limit_of(url: DatabaseUrl, most: int) -> None:
    statement = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(sql.Identifier(url.dbname), most)
    query(url, statement.as_string())


def test_connections_that_run_out(examined: DatabaseUrl) -> None:
    limit_of(examined, 10)
    try:
        with sessions(examined, 6):  # and perhaps one of doctor's own, that is about to end
            assert findings_of(examined, "connections") == []
        with sessions(examined, 8):
            (warned,) = findings_of(examined, "connections")
        with sessions(examined, 10):
            (failed,) = findings_of(examined, "connections")
    finally:
        limit_of(examined, -1)

    assert (warned.severity, failed.severity) == ("warn", "error")
    # One that a superuser, whom no limit holds, is about to end may count as well.
    assert re.search(r"1[01] of the 10 sessions that its CONNECTION LIMIT allows are taken", failed.message)
    assert findings_of(examined, "connections") == []


def test_a_service_that_takes_more_than_its_share(examined: DatabaseUrl) -> None:
    limit_of(examined, 24)
    try:
        with sessions(examined, 3, application_name="payrollx-auth"):
            assert findings_of(examined, "over-budget") == []
        with sessions(examined, 4, application_name="payrollx-auth"):
            (finding,) = findings_of(examined, "over-budget")
    finally:
        limit_of(examined, -1)

    assert (finding.subject, finding.place) == ("auth", "service auth")
    assert finding.message == "4 sessions, where an even share of 24 is 3"


@pytest.fixture
def login(examined: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """A login of the wallet service's, with a limit of two sessions."""
    name = unique("login")
    role = sql.Identifier(name)
    made = "CREATE ROLE {} LOGIN PASSWORD 'made up' CONNECTION LIMIT 2 IN ROLE payrollx_wallet"
    query(examined, sql.SQL(made).format(role).as_string())  # type: ignore[arg-type]
    yield DatabaseUrl({**examined.params, "user": name, "password": "made up"})
    query(examined, sql.SQL("DROP ROLE {}").format(role).as_string())


def test_a_login_near_its_limit_and_whose_sessions_are_whose(examined: DatabaseUrl, login: DatabaseUrl) -> None:
    place = f"login {login.params['user']}"
    with sessions(login, 2, asking=examined):
        health = health_of(examined)
    sizes = {service.name: service.connections for service in health.databases[0].services}

    assert [f.message for f in health.findings if f.place == place] == ["2 of its 2 sessions are taken"]
    assert (sizes["wallet"], sizes["auth"]) == (2, 0)
    assert findings_of(examined, "connections", place) == []


def test_a_logins_sessions_elsewhere_count_as_well(
    server: TestServer, examined: DatabaseUrl, login: DatabaseUrl
) -> None:
    """A role's CONNECTION LIMIT is for the whole server."""
    place = f"login {login.params['user']}"
    elsewhere = server.create_database(unique("elsewhere"))
    try:
        with sessions(login.with_database(elsewhere.dbname), asking=examined):
            assert findings_of(examined, "connections", place) == []
            with sessions(login, asking=examined):
                (finding,) = findings_of(examined, "connections", place)
    finally:
        server.drop_database(elsewhere.dbname)

    assert finding.message == "2 of its 2 sessions are taken"


def test_an_index_that_is_being_built_isnt_one_that_was_cut_off(examined: DatabaseUrl) -> None:
    with sessions(examined) as (other,):
        other.execute("BEGIN")
        other.execute("LOCK auth.users IN ROW EXCLUSIVE MODE")  # which the build waits for, its index half-made
        statement = "CREATE INDEX CONCURRENTLY slow ON auth.users (first_name)"
        build = threading.Thread(target=query, args=(examined, statement))
        build.start()
        try:
            begun = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
            eventually(lambda: value(examined, begun) > 0, "an index that is being built")
            assert findings_of(examined, "invalid-index") == []
        finally:
            other.execute("COMMIT")
            build.join()

    query(examined, "DROP INDEX auth.slow")


def test_what_its_role_may_not_see_is_said(login: DatabaseUrl) -> None:
    health = health_of(login)
    codes = {finding.code: finding for finding in health.findings}

    assert health.databases[0].reachable
    assert "permission denied" in codes["not-checked"].message
    assert codes["hidden"].severity == "info"
    assert "made up" not in str(health)


def test_a_login_that_is_no_superuser_sees_everything(examined: DatabaseUrl) -> None:
    if value(examined, "SELECT current_setting('server_version_num')::integer") < 160000:
        pytest.skip("memberships aren't inherited one by one")
    (block,) = [b for b in Page(ROOT, "docs/operations.md").section("Doctor") if b.language == "sql"]
    name = unique("watcher")
    query(examined, block.text.replace("watcher", name).replace("payrollx_production", examined.dbname))
    query(examined, sql.SQL("ALTER ROLE {} PASSWORD 'made up'").format(sql.Identifier(name)).as_string())
    try:
        health = health_of(DatabaseUrl({**examined.params, "user": name, "password": "made up"}))
    finally:
        query(examined, sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)).as_string())

    assert [f.message for f in health.findings if f.code in ("not-checked", "hidden", "unreachable")] == []
    assert [f for f in health.findings if name in f.message] == []  # the walls don't count it as a hole


@pytest.mark.parametrize(("table", "looked_at"), [("auth.users", True), ("payrollx_meta.alembic_version", False)])
def test_a_locked_table_ends_no_examination(
    examined: DatabaseUrl, monkeypatch: pytest.MonkeyPatch, table: str, looked_at: bool
) -> None:
    """A service's table can be looked at all the same; what must be read is called unchecked."""
    monkeypatch.setitem(examination.SETTINGS, "lock_timeout", "50ms")
    with sessions(examined) as (other,):
        other.execute("BEGIN")
        other.execute(f"LOCK {table} IN ACCESS EXCLUSIVE MODE")
        health = health_of(examined)

    findings = [finding for finding in health.findings if finding.code == "not-checked"]
    assert health.databases[0].reachable
    assert bool(findings) is not looked_at
    assert all("lock timeout" in finding.message for finding in findings)
    assert all(finding.remedy == "ask again in a moment" for finding in findings)


def test_a_table_for_which_somebody_waits_alone_ends_no_examination(
    examined: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks its size would wait behind the one that waits, as behind every change of a table under load."""
    monkeypatch.setitem(examination.SETTINGS, "lock_timeout", "50ms")
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
    with sessions(examined, application_name="reader") as (reader,), sessions(examined) as (other,):
        reader.execute("BEGIN")
        reader.execute("LOCK auth.users IN ACCESS SHARE MODE")
        waiting = threading.Thread(target=other.execute, args=("ALTER TABLE auth.users ALTER id SET NOT NULL",))
        waiting.start()
        eventually(lambda: value(examined, waits) > 0 or not waiting.is_alive(), "the table is waited for")
        health = health_of(examined)
        reader.execute("COMMIT")
        waiting.join()

    assert health.databases[0].reachable
    assert [finding for finding in health.findings if finding.code == "not-checked"] == []


def test_an_index_that_is_being_rebuilt_ends_no_examination(
    examined: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REINDEX holds the index alone, and its table against writers only."""
    monkeypatch.setitem(examination.SETTINGS, "lock_timeout", "50ms")
    with sessions(examined) as (other,):
        other.execute("BEGIN")
        other.execute("REINDEX TABLE auth.users")
        health = health_of(examined)
        other.execute("ROLLBACK")

    assert health.databases[0].reachable
    assert [finding for finding in health.findings if finding.code == "not-checked"] == []
    (auth,) = (service for service in health.databases[0].services if service.name == "auth")
    assert {table.name: table.index_bytes > 0 for table in auth.tables}["users"]


# -- databases that don't answer -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", *(f"{service.name.upper()}_DATABASE_URL" for service in CATALOG.services)):
        monkeypatch.delenv(name, raising=False)


def test_a_database_that_is_not_there(examined: DatabaseUrl) -> None:
    (finding,) = health_of(examined.with_database("nothing_there")).findings

    assert (finding.code, finding.severity) == ("unreachable", "error")
    assert "the database does not exist" in finding.message
    assert examined.params["password"] not in str(finding)


def test_a_server_that_takes_its_time(examined: DatabaseUrl) -> None:
    (finding,) = health_of(examined, timeout=0.001).findings

    assert finding.message == "no answer within 0.001 s"


def test_one_of_two_databases_is_down(
    server: TestServer, examined: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = server.create_database(unique("aside"))
    try:
        migrate.upgrade(aside, CATALOG, service="auth")
        monkeypatch.setenv("AUTH_DATABASE_URL", aside.plain)
        monkeypatch.setenv("DATABASE_URL", examined.plain)
        both = json.loads(doctor("--json").stdout)
        monkeypatch.setenv("AUTH_DATABASE_URL", aside.with_database("gone").plain)
        one = json.loads(doctor("--json").stdout)
        screen = doctor().stdout
    finally:
        server.drop_database(aside.dbname)

    # What is there of the whole server, such as other tests' roles, may have findings of its own.
    assert {f["code"] for f in both["findings"]}.isdisjoint({"unreachable", "behind", "not-migrated", "table-missing"})
    assert [len(database["services"]) for database in both["databases"]] == [1, 7]
    assert [database["reachable"] for database in one["databases"]] == [False, True]
    assert [(f["code"], f["service"]) for f in one["findings"]][:1] == [("unreachable", "auth")]
    assert "error  reachable" in screen
    assert "payroll " in screen
