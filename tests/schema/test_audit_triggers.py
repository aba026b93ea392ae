"""The marks on models, and the triggers that are made equal to them."""

import psycopg
import pytest
from audit_databases import MARKS, PEOPLE, mark, trail
from conftest import TestServer
from schema_snapshots import picture, run
from sqlalchemy import Column, Integer, MetaData, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from worlds import World, query, value

from payrollx_db.auth import User
from payrollx_db.cli import main
from payrollx_db.errors import CatalogError, TargetError
from payrollx_db.model.catalog import AUDITED, audited
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import audit, migrate
from payrollx_db.unified import CATALOG, metadata

# -- the marks and the triggers -----------------------------------------------------------------------------


def triggers(url: DatabaseUrl) -> set[tuple[str, str]]:
    return set(query(url, "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"))


def functions(url: DatabaseUrl) -> list[str]:
    names = "SELECT oid::regproc::text FROM pg_proc WHERE proname LIKE 'audit\\_into\\_%%' ORDER BY 1"
    return [name for (name,) in query(url, names)]


def differences(url: DatabaseUrl, service: str | None = None) -> list[str]:
    return [finding.message for finding in migrate.check(url, CATALOG, service=service)]


BOTH = ("payrollx_audit", "payrollx_audit_truncate")
ALL = {(table, name) for table in MARKS for name in BOTH}


def test_a_mark_is_put_on_a_model() -> None:
    class Own(DeclarativeBase):
        pass

    class Login(Own):
        __tablename__ = "logins"
        __table_args__ = {"schema": "auth"} | audited("auth.audit_logs")

        id: Mapped[int] = mapped_column(primary_key=True)

    assert Own.metadata.tables["auth.logins"].info == {AUDITED: "auth.audit_logs"}


@pytest.mark.usefixtures("marked")
def test_a_second_run_changes_nothing_and_waits_for_nobody(own: DatabaseUrl) -> None:
    before = picture(own)
    assert triggers(own) == ALL
    assert functions(own) == ["auth.audit_into_audit_logs", "compliance.audit_into_audit_logs"]
    assert differences(own) == []

    with psycopg.connect(own.conninfo()) as writing:
        writing.execute("DELETE FROM auth.users; DELETE FROM wallet.wallets")
        assert migrate.upgrade(own, CATALOG).applied == ()

    assert picture(own) == before


def test_what_is_no_longer_marked_is_no_longer_audited(own: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    mark(monkeypatch)
    monkeypatch.delitem(metadata.tables["auth.users"].info, AUDITED)
    assert differences(own) == ["table auth.users has an audit trigger, but no mark"]
    migrate.upgrade(own, CATALOG)
    assert triggers(own) == {(table, name) for table, name in ALL if table != "auth.users"}

    monkeypatch.undo()
    migrate.upgrade(own, CATALOG)
    assert (triggers(own), functions(own), differences(own)) == (set(), [], [])


def test_another_log_is_another_trigger(own: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    mark(monkeypatch, auth__users="compliance.audit_logs", auth__refresh_tokens="compliance.audit_logs")
    found = [f"table auth.{name} is marked as audited in compliance.audit_logs, but its audit trigger is not as the"
             " mark says" for name in ("refresh_tokens", "users")]  # fmt: skip
    unused = "function auth.audit_into_audit_logs() is in the database only"
    assert differences(own) == [unused, *found]

    migrate.upgrade(own, CATALOG)
    run(own, f"SET SESSION AUTHORIZATION payrollx_auth; {PEOPLE}")
    assert (differences(own), functions(own)) == ([], ["compliance.audit_into_audit_logs"])
    assert [len(trail(own, f"{name}.audit_logs")) for name in ("auth", "compliance")] == [0, 3]


DAMAGE = {
    "auth.refresh_tokens": ("DROP TRIGGER payrollx_audit ON auth.refresh_tokens", "is missing"),
    "auth.users": (
        (
            "CREATE OR REPLACE TRIGGER payrollx_audit AFTER INSERT ON auth.users"
            " EXECUTE FUNCTION auth.audit_into_audit_logs(); COMMENT ON TRIGGER payrollx_audit ON auth.users IS NULL"
        ),
        "is not as the mark says",
    ),
    "organization.organization_settings": (
        "ALTER TABLE organization.organization_settings DISABLE TRIGGER payrollx_audit",
        "is not as the mark says",
    ),
    "wallet.wallets": ("DROP TRIGGER payrollx_audit_truncate ON wallet.wallets", "is missing"),
}


@pytest.mark.usefixtures("marked")
def test_damage_is_seen_and_mended(own: DatabaseUrl) -> None:
    before = picture(own)
    for damage, _ in DAMAGE.values():
        run(own, damage)

    told = [
        f"table {table} is marked as audited in {MARKS[table]}, but its audit trigger {state}"
        for table, (_, state) in DAMAGE.items()
    ]
    assert differences(own) == told
    assert differences(own, "wallet") == told[-1:]
    migrate.upgrade(own, CATALOG)
    assert picture(own) == before


@pytest.mark.usefixtures("marked")
def test_a_function_that_was_replaced_is_mended(own: DatabaseUrl) -> None:
    before = picture(own)
    function = "FUNCTION auth.audit_into_audit_logs()"
    run(own, f"CREATE OR REPLACE {function} RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    run(own, f"GRANT EXECUTE ON {function} TO PUBLIC")
    assert picture(own) != before

    migrate.upgrade(own, CATALOG)
    assert picture(own) == before


@pytest.mark.usefixtures("marked")
def test_down_and_up_again(own: DatabaseUrl) -> None:
    before = picture(own)
    migrate.downgrade(own, CATALOG, revision="base")
    assert query(own, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'") == []

    migrate.upgrade(own, CATALOG)
    assert picture(own) == before


@pytest.mark.usefixtures("marked")
def test_the_script_makes_the_same(
    server: TestServer, own: DatabaseUrl, database: DatabaseUrl, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["migrate", "--sql"])
    assert ended.value.code in (0, None)
    run(database, capsys.readouterr().out)

    assert triggers(database) == ALL
    assert picture(database)["triggers"] == picture(own)["triggers"]
    assert differences(database) == []


@pytest.mark.usefixtures("marked")
def test_a_log_that_isnt_in_the_database_is_an_error(database: DatabaseUrl, own: DatabaseUrl) -> None:
    with pytest.raises(
        TargetError, match=r"wallet\.wallets is marked as audited in compliance\.audit_logs, which is not"
    ) as caught:
        migrate.upgrade(database, CATALOG, service="wallet")
    assert "mark the table with another log" in caught.value.hint
    assert migrate.current(database, CATALOG) == {}

    with pytest.raises(TargetError, match="marked as audited"):
        migrate.downgrade(own, CATALOG, service="compliance", revision="base")
    assert set(migrate.current(own, CATALOG)) == {service.name for service in CATALOG.services}

    migrate.upgrade(database, CATALOG, service="auth")
    assert triggers(database) == {(table, name) for table, name in ALL if table.startswith("auth.")}


def test_check_says_that_the_log_is_not_there(database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate.upgrade(database, CATALOG, service="wallet")
    mark(monkeypatch)

    told = "table wallet.wallets is marked as audited in compliance.audit_logs, which is not in this database"
    assert differences(database, "wallet") == [told]


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        ("auth.nowhere", "which is no table"),
        ("auth.refresh_tokens", "which has no column action"),
        ("auth.users", "which is audited itself"),
    ],
)
def test_a_mark_that_makes_no_sense(log: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(User.__table__.info, AUDITED, log)
    with pytest.raises(CatalogError, match=problem):
        audit.marks(metadata)


def test_a_log_that_demands_what_the_audit_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(User.__table__.info, AUDITED, "auth.audit_logs")
    monkeypatch.setattr(metadata.tables["auth.audit_logs"].c.user_id, "nullable", False)
    with pytest.raises(CatalogError, match="can't do without a user_id"):
        audit.marks(metadata)


ODD = """
    CREATE SCHEMA "Odd's";
    CREATE TABLE "Odd's"."It's" ("A b" integer, "c'd" text, note jsonb, amount numeric, PRIMARY KEY ("A b", "c'd"));
    CREATE TABLE "Odd's"."no key" (a integer);
    CREATE TABLE "Odd's"."Log" (
        action text, resource text, resource_id text, details jsonb, ip_address text, created_at timestamptz);
    GRANT ALL ON SCHEMA "Odd's" TO payrollx_auth;
    GRANT ALL ON ALL TABLES IN SCHEMA "Odd's" TO payrollx_auth;
"""
ODDLY = """
    SET ROLE payrollx_auth;
    INSERT INTO "Odd's"."It's" VALUES (1, 'x', '{"a": 1}', 1.0);
    INSERT INTO "Odd's"."no key" VALUES (1);
    UPDATE "Odd's"."It's" SET "A b" = 2, note = '{"a": 2}', amount = 1.00;
    TRUNCATE "Odd's"."It's";
"""


def test_odd_names_keys_of_several_columns_and_none(database: DatabaseUrl) -> None:
    odd, log = MetaData(), audited("Odd's.Log")
    keys = (Column("A b", Integer, primary_key=True), Column("c'd", Text, primary_key=True))
    Table("It's", odd, *keys, schema="Odd's", **log)
    Table("no key", odd, Column("a", Integer), schema="Odd's", **log)
    Table("Log", odd, *(Column(name, Text) for name in sorted(audit.WRITTEN)), schema="Odd's")
    run(database, ODD)
    for _ in range(2):
        run(database, audit.make(odd, value(database, "SELECT current_user")).as_string())

    run(database, ODDLY)

    told = "SELECT action, resource, resource_id, details -> 'changed', details ->> 'new_id' FROM \"Odd's\".\"Log\""
    assert query(database, told) == [
        ("insert", "Odd's.It's", '[1, "x"]', None, None),
        ("insert", "Odd's.no key", None, None, None),
        ("update", "Odd's.It's", '[1, "x"]', ["A b", "amount", "note"], '[2, "x"]'),
        ("truncate", "Odd's.It's", None, None, None),
    ]


# -- beside a consolidation ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("marked")
def test_a_copy_is_not_audited_and_proves_identical(reading_world: World) -> None:
    migrate.upgrade(reading_world.target, CATALOG)
    logs = {
        f"{name}.audit_logs": value(reading_world.urls[f"payrollx_{name}"], "SELECT count(*) FROM audit_logs")
        for name in ("auth", "compliance")
    }

    services = ("auth", "organization", "compliance")  # whose keys stay among them
    document = reading_world.answer("check", *(word for name in services for word in ("--service", name)))
    assert not [finding for finding in document["findings"] if finding["code"] == "trigger"]
    reading_world.copy(*services)

    assert reading_world.verify(*services).identical
    assert {log: value(reading_world.target, f"SELECT count(*) FROM {log}") for log in logs} == logs
    assert triggers(reading_world.target) == ALL
    assert migrate.check(reading_world.target, CATALOG) == []
