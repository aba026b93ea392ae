"""doctor: each fault is planted, named, mended, and gone; and what it makes of databases that won't answer."""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from conftest import TestServer, unique
from psycopg import sql
from unified import query, value

from payrollx_db import health as package
from payrollx_db import migrations
from payrollx_db.archive.manifest import FILE, Manifest
from payrollx_db.cli import cli
from payrollx_db.cli.places import seconds
from payrollx_db.errors import ConfigurationError
from payrollx_db.health import examine as examination
from payrollx_db.health.checks import Check
from payrollx_db.health.database import Database, Expected, Limits, Place
from payrollx_db.health.examine import Health, examine
from payrollx_db.health.findings import Finding
from payrollx_db.unified import CATALOG
from payrollx_db.urls import DatabaseUrl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import check_docs
from check_docs import ROOT, Page

EXPECTED = Expected(CATALOG, migrations.branches())
NEWEST = EXPECTED.branches["wallet"][-1]


def look(url: DatabaseUrl, *, timeout: float = 30.0, **limits: Any) -> Health:
    expected = replace(EXPECTED, limits=Limits(**limits))
    return asyncio.run(examine([Place(url, CATALOG.services)], expected, seconds=timeout))


def found(url: DatabaseUrl, code: str, place: str = "", **limits: Any) -> list[Finding]:
    """Return the findings of ``code``, about ``place`` where one is given: tests share the server with others."""
    return [f for f in look(url, **limits).findings if f.code == code and place in ("", f.place)]


@pytest.fixture(scope="module")
def patient(server: TestServer, migrated_template: str) -> Iterator[DatabaseUrl]:
    """A migrated database; every test mends what it plants."""
    name = unique("patient")
    url = server.create_database(name, migrated_template)
    migrations.upgrade(url)  # a clone has no privileges on the database itself
    yield url
    server.drop_database(name)


@contextmanager
def sessions(url: DatabaseUrl, number: int = 1, **params: str) -> Iterator[list[psycopg.Connection[Any]]]:
    """Open sessions that sit there. At the end they are gone from the server's books as well, which takes a moment."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(psycopg.connect(url.conninfo(), autocommit=True, **params))  # type: ignore[arg-type]
            for _ in range(number)
        ]
        pids = [connection.info.backend_pid for connection in opened]
        yield opened
    while value(url, "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)", [pids]):
        time.sleep(0.01)


# -- faults that a few statements plant, and a few mend --------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """How to plant it, what it is called, where, how grave it is, and what mends it."""

    code: str
    place: str
    severity: str
    plant: tuple[str, ...]
    mend: tuple[str, ...]
    said: str = ""
    since: int = 140000

    def __str__(self) -> str:
        return f"{self.code} {self.said or self.place}"


FK = "ALTER TABLE auth.refresh_tokens DROP CONSTRAINT fk_refresh_tokens_user_id"
FK_AGAIN = "ALTER TABLE auth.refresh_tokens ADD CONSTRAINT fk_refresh_tokens_user_id FOREIGN KEY (user_id) REFERENCES"
LOGS = """INSERT INTO compliance.audit_logs (action, resource) SELECT 'LOOK', repeat('x', 100)
    FROM generate_series(1, 1000)"""

FAULTS = (
    Fault("behind", "", "error", ("DELETE FROM payrollx_meta.alembic_version WHERE version_num LIKE 'wallet%'",),
          (f"INSERT INTO payrollx_meta.alembic_version VALUES ('{NEWEST}')",), f"the newest is {NEWEST}"),
    Fault("revision-unknown", "", "error", ("INSERT INTO payrollx_meta.alembic_version VALUES ('wallet_9999')",),
          ("DELETE FROM payrollx_meta.alembic_version WHERE version_num = 'wallet_9999'",), "wallet_9999"),
    Fault("not-migrated", "", "error", ("ALTER TABLE payrollx_meta.alembic_version RENAME TO elsewhere",),
          ("ALTER TABLE payrollx_meta.elsewhere RENAME TO alembic_version",), "no migration was ever run"),
    Fault("table-missing", "auth.audit_logs", "error", ("ALTER TABLE auth.audit_logs RENAME TO elsewhere",),
          ("ALTER TABLE auth.elsewhere RENAME TO audit_logs",)),
    Fault("role-too-much", "role payrollx_wallet", "error", ("GRANT SELECT ON auth.users TO payrollx_wallet",),
          ("REVOKE SELECT ON auth.users FROM payrollx_wallet",), "SELECT on table auth.users"),
    Fault("role-lacks", "role payrollx_auth", "warn", ("REVOKE DELETE ON auth.users FROM payrollx_auth",),
          ("GRANT DELETE ON auth.users TO payrollx_auth",), "lacks DELETE on table auth.users"),
    Fault("missing-index", "auth.refresh_tokens.user_id", "warn", ("DROP INDEX auth.ix_refresh_tokens_user_id",),
          ("CREATE INDEX ix_refresh_tokens_user_id ON auth.refresh_tokens (user_id)",),
          "the foreign key fk_refresh_tokens_user_id has no index"),
    Fault("missing-index", "auth.refresh_tokens.user_id", "warn",
          ("DROP INDEX auth.ix_refresh_tokens_user_id",
           "CREATE INDEX partial ON auth.refresh_tokens (user_id) WHERE token = ''",
           "CREATE INDEX second ON auth.refresh_tokens (token, user_id)"),
          ("DROP INDEX auth.partial, auth.second",
           "CREATE INDEX ix_refresh_tokens_user_id ON auth.refresh_tokens (user_id, token)"), "has no index"),
    Fault("missing-index", "auth.users.organization_id", "warn", ("DROP INDEX auth.ix_users_organization_id",),
          ("CREATE INDEX ix_users_organization_id ON auth.users (organization_id)",), "a loose reference has no index"),
    Fault("not-valid", "auth.refresh_tokens.fk_refresh_tokens_user_id", "warn",
          (FK, f"{FK_AGAIN} auth.users (id) NOT VALID"),
          ("ALTER TABLE auth.refresh_tokens VALIDATE CONSTRAINT fk_refresh_tokens_user_id",), "NOT VALID"),
    Fault("not-valid", "auth.refresh_tokens.fk_refresh_tokens_user_id", "warn",
          (FK, f"{FK_AGAIN} auth.users (id) NOT ENFORCED"),
          ("ALTER TABLE auth.refresh_tokens ALTER CONSTRAINT fk_refresh_tokens_user_id ENFORCED",), "NOT ENFORCED",
          since=180000),
    Fault("never-analyzed", "compliance.audit_logs", "warn",
          ("ALTER TABLE compliance.audit_logs SET (autovacuum_enabled = false)", LOGS),
          ("ANALYZE compliance.audit_logs",)),
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_named_and_gone_once_mended(fault: Fault, patient: DatabaseUrl) -> None:
    place = fault.place or patient.masked
    if value(patient, "SELECT current_setting('server_version_num')::integer") < fault.since:
        pytest.skip("this server can't have it")
    assert found(patient, fault.code, place) == []

    for statement in fault.plant:
        query(patient, statement)
    try:
        (finding,) = found(patient, fault.code, place)
    finally:
        for statement in fault.mend:
            query(patient, statement)

    assert finding.severity == fault.severity
    assert fault.said in finding.detail
    assert finding.remedy
    assert found(patient, fault.code, place) == []


def test_what_the_remedy_says_mends_it(patient: DatabaseUrl) -> None:
    query(patient, FK)
    query(patient, f"{FK_AGAIN} auth.users (id) NOT VALID")
    (finding,) = found(patient, "not-valid")

    query(patient, finding.remedy.partition(";")[0])

    assert found(patient, "not-valid") == []
    assert finding.service == "auth"


def test_an_index_that_was_cut_off(patient: DatabaseUrl) -> None:
    user = "INSERT INTO auth.users (email, password, first_name, last_name) VALUES (%s, '', 'Twin', '')"
    for email in ("a@twin.example", "b@twin.example"):
        query(patient, user, [email])
    with pytest.raises(psycopg.errors.UniqueViolation):
        query(patient, "CREATE UNIQUE INDEX CONCURRENTLY cut_off ON auth.users (first_name)")
    try:
        (finding,) = found(patient, "invalid-index")
        query(patient, finding.remedy.rpartition(", or ")[2])
    finally:
        query(patient, "DELETE FROM auth.users")

    assert (finding.place, finding.service, finding.severity) == ("auth.users.cut_off", "auth", "error")
    assert found(patient, "invalid-index") == []


def test_an_index_that_nobody_uses(patient: DatabaseUrl) -> None:
    query(patient, "CREATE INDEX extra ON auth.users (last_name)")
    try:
        (finding,) = found(patient, "unused-index", "auth.users.extra", unused_days=0, unused_bytes=0)
        assert found(patient, "unused-index") == []  # too small, and the statistics too young, to say anything
        # What a reference is looked up by is needed, used or not.
        others = [f.place for f in found(patient, "unused-index", unused_days=0, unused_bytes=0)]
        assert not [p for p in others if re.search(r"_id$|\.pk_|\.uq_|ix_organizations_created_by", p)]
    finally:
        query(patient, "DROP INDEX auth.extra")

    assert finding.severity == "info"
    assert found(patient, "unused-index", "auth.users.extra", unused_days=0, unused_bytes=0) == []


def test_a_few_rows_that_were_never_analyzed_are_only_good_to_know(migrated: DatabaseUrl) -> None:
    query(migrated, "INSERT INTO compliance.audit_logs (action, resource) VALUES ('LOOK', 'x')")

    (finding,) = found(migrated, "never-analyzed")

    assert (finding.place, finding.severity) == ("compliance.audit_logs", "info")
    assert look(migrated).databases[0].checks[-3].severity == "info"


def test_a_slot_that_was_left_behind(patient: DatabaseUrl) -> None:
    name = unique("slot")
    place = f"slot {name}"
    query(patient, "SELECT pg_create_physical_replication_slot(%s, true)", [name])
    try:
        (finding,) = found(patient, "idle-slot", place)
        query(patient, finding.remedy.partition(", or ")[2])
    except BaseException:
        query(patient, "SELECT pg_drop_replication_slot(%s)", [name])
        raise

    assert re.search(r"nobody reads from it, keeping [\d,]+ MB", finding.detail)
    assert found(patient, "idle-slot", place) == []


# -- faults that others' sessions are ------------------------------------------------------------------


def test_a_transaction_that_is_open_for_long(patient: DatabaseUrl) -> None:
    with sessions(patient, application_name="sleeper") as (other,):
        place = f"session {other.info.backend_pid}"
        other.execute("BEGIN")
        other.execute("SELECT 1")
        assert found(patient, "long-transaction", place) == []
        (finding,) = found(patient, "long-transaction", place, transaction_seconds=0)
        other.execute("COMMIT")
        assert found(patient, "long-transaction", place, transaction_seconds=0) == []

    assert "(sleeper, idle in transaction): open for " in finding.detail
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
    assert "10 of the 10 sessions that its CONNECTION LIMIT allows are taken" in failed.detail
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

    assert (finding.service, finding.place) == ("auth", "service auth")
    assert finding.detail == "4 sessions, where an even share of 24 is 3"


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

    assert [f.detail for f in health.findings if f.place == place] == ["2 of its 2 sessions are taken"]
    assert (sizes["wallet"], sizes["auth"]) == (2, 0)
    assert found(patient, "connections", place) == []


def test_what_its_role_may_not_see_is_said(login: DatabaseUrl) -> None:
    health = look(login)
    codes = {finding.code: finding for finding in health.findings}

    assert health.databases[0].reachable
    assert "permission denied" in codes["not-checked"].detail
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
    assert [f for f in health.findings if name in f.detail] == []  # the walls don't count it as a hole


def test_a_locked_table_ends_no_examination(patient: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(examination.SETTINGS, "lock_timeout", "50ms")
    with sessions(patient) as (other,):
        other.execute("BEGIN")
        other.execute("LOCK auth.users IN ACCESS EXCLUSIVE MODE")
        (*_, finding) = found(patient, "not-checked")

    assert "lock timeout" in finding.detail
    assert finding.remedy == "ask again in a moment"
    assert found(patient, "not-checked") == []


# -- databases that don't answer -----------------------------------------------------------------------


def test_a_database_that_is_not_there(patient: DatabaseUrl) -> None:
    (finding,) = look(patient.with_database("nothing_there")).findings

    assert (finding.code, finding.severity) == ("unreachable", "error")
    assert 'database "nothing_there" does not exist' in finding.detail
    assert patient.params["password"] not in str(finding)


def test_a_server_that_takes_its_time(patient: DatabaseUrl) -> None:
    (finding,) = look(patient, timeout=0.001).findings

    assert finding.detail == "no answer within 0.001 s"


def test_one_of_two_databases_is_down(
    server: TestServer, patient: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = server.create_database(unique("aside"))
    try:
        migrations.upgrade(aside, service="auth")
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


# -- backups -------------------------------------------------------------------------------------------


def backup(folder: Path, service: str, age: timedelta) -> None:
    """Make a folder as `payrollx-db service backup` does."""
    place = folder / f"{service}-{age.days}"
    place.mkdir()
    (place / "dump").write_bytes(b"x")
    said = {"catalog": "payrollx", "service": service, "taken_at": datetime.now(UTC) - age, "dump": "dump"}
    nothing = {field.name: "" for field in fields(Manifest) if field.default is field.default_factory is MISSING}
    manifest = Manifest(**{**nothing, "together": (), "database": ("", ""), "tables": (), "dump_bytes": 1, **said})
    (place / FILE).write_text(manifest.text(), encoding="utf-8")


def test_backups_that_are_missing_or_old(patient: DatabaseUrl, tmp_path: Path) -> None:
    options = ("--database-url", patient.plain, "--backups", str(tmp_path), "--json")
    for service in CATALOG.services[2:]:
        backup(tmp_path, service.name, timedelta(hours=1))
    backup(tmp_path, CATALOG.services[1].name, timedelta(days=2))
    late = json.loads(call(*options).stdout)
    patience = json.loads(call(*options, "--backup-age", "3d").stdout)
    for service in CATALOG.services[:2]:
        backup(tmp_path, service.name, timedelta())
    fine = json.loads(call(*options).stdout)

    def told(document: Any) -> list[tuple[str, str]]:
        return [(f["code"], f["service"]) for f in document["findings"] if f["check"] == "backups"]

    assert told(late) == [("no-backup", "auth"), ("old-backup", "organization")]
    assert "48 h old" in next(f["detail"] for f in late["findings"] if f["code"] == "old-backup")
    assert told(patience) == [("no-backup", "auth")]
    assert told(fine) == []
    assert fine["backups"].keys() == {service.name for service in CATALOG.services}


def test_a_folder_of_backups_that_is_not_there(patient: DatabaseUrl, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        call("--database-url", patient.plain, "--backups", str(tmp_path / "nothing"))


# -- the command ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", *(f"{service.name.upper()}_DATABASE_URL" for service in CATALOG.services)):
        monkeypatch.delenv(name, raising=False)


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["doctor", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    return result


def test_the_document(patient: DatabaseUrl) -> None:
    document = json.loads(call("--database-url", patient.plain, "--json").stdout)
    (database,) = document["databases"]
    auth = next(service for service in database["services"] if service["name"] == "auth")

    assert document.keys() == {"healthy", "databases", "backups", "findings"}
    assert database.keys() == {
        "url", "reachable", "version", "connect_seconds", "connections", "services", "checks",
    }  # fmt: skip
    assert database["url"] == patient.masked
    assert [check["name"] for check in database["checks"]][:3] == ["reachable", "migrated", "roles"]
    assert {table["name"] for table in auth["tables"]} == {"users", "refresh_tokens", "audit_logs"}
    assert auth["bytes"] == sum(table["bytes"] for table in auth["tables"]) > 0
    assert sum(check["findings"] for check in database["checks"]) == len(document["findings"])


def test_the_exit_code_follows_what_wants_attention(patient: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    def answering(*findings: Finding) -> None:
        async def answered(*_: Any, **__: Any) -> Health:
            real = await examine([Place(patient, CATALOG.services)], EXPECTED)
            checked = (examination.Checked("planted", "none", findings),)
            return replace(real, databases=(replace(real.databases[0], checks=checked),))

        monkeypatch.setattr(examination, "examine", answered)

    known = Finding("known", "info", "auth", "somewhere", "this is so", "do nothing")
    url = ("--database-url", patient.plain)
    answering(known)
    fine = call(*url)
    answering(known, replace(known, code="bad", severity="warn"))
    wrong = call(*url)

    assert (fine.return_value, wrong.return_value) == (0, 3)
    assert fine.stdout.endswith("all is well, 1 good to know.\n")
    assert "warn  bad  somewhere\n      this is so\n      next: do nothing\n" in wrong.stdout
    assert wrong.stdout.endswith("1 finding wants attention, 1 good to know.\n")


def test_no_check_can_change_anything(patient: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def spoil(database: Database) -> list[Finding]:
        await database.connection.execute("CREATE TABLE auth.spoilt ()")
        return []

    monkeypatch.setattr(examination, "CHECKS", (Check("spoil", "done", spoil),))

    (finding,) = look(patient).findings

    assert "cannot execute CREATE TABLE in a read-only transaction" in finding.detail


@pytest.mark.parametrize(
    ("text", "expected"), [("500ms", 0.5), ("30s", 30), ("5 min", 300), ("2h", 7200), ("1d", 86400)]
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_what_is_unset_or_nonsense_is_said(patient: DatabaseUrl) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set"):
        call()
    refused = CliRunner().invoke(cli, ["doctor", "--database-url", patient.plain, "--long-transaction", "soon"])
    assert (refused.exit_code, "'soon' is no duration" in refused.output) == (2, True)


# -- the page ------------------------------------------------------------------------------------------


def test_every_code_is_on_the_page() -> None:
    source = "".join(file.read_text("utf-8") for file in Path(package.__path__[0]).glob("*.py"))
    made = set(re.findall(r"(?:Finding|_finding|database\.finding)\(\s*\"([a-z]+(?:-[a-z]+)*)\"", source))
    page = Page(ROOT, "docs/operations.md").text
    said = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", page.partition("| check | finding")[2].partition("\n\n")[0]))

    assert len(made) >= 18
    assert made | {"role-too-much", "role-lacks"} == said


def test_the_commands_of_the_page(migrated: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", migrated.plain)
    blocks = [b.text for b in Page(ROOT, "docs/operations.md").blocks if b.language == "sh"]
    for call in (call for text in blocks for call in check_docs.invocations(text)):
        done = CliRunner().invoke(cli, call, standalone_mode=False)
        assert done.exception is None, call
        # other tests' roles are on this server too
        assert done.return_value in ((None, 0, 3) if call[0] == "doctor" else (None, 0)), done.output
