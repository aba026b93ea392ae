"""Migrations against a real server: there and back, all or nothing, and drift is seen."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from schema_snapshots import picture, run

from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

ALL = {f"{service.name}_0001" for service in CATALOG.services}
CURRENT = {service.name: f"{service.name}_0001" for service in CATALOG.services}
# One that others point at, and one that points at others; the rest takes longer and says the same.
EACH_SERVICE = [pytest.param(name, marks=() if name in ("auth", "payroll") else pytest.mark.long) for name in CURRENT]
CHECKOUT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def template(server: TestServer) -> Iterator[DatabaseUrl]:
    """A migrated database, to be cloned."""
    name = unique("template")
    url = server.create_database(name)
    migrate.upgrade(url, CATALOG)
    yield url
    server.drop_database(name)


@pytest.fixture
def migrated(server: TestServer, template: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """A migrated database of the test's own."""
    name = unique("migrated")
    yield server.create_database(name, template=template.dbname)
    server.drop_database(name)


def schemas(url: DatabaseUrl) -> set[str]:
    with psycopg.connect(url.conninfo()) as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")
        return {name for (name,) in found} - {"information_schema", "public"}


def test_an_empty_database_gets_everything(database: DatabaseUrl) -> None:
    result = migrate.upgrade(database, CATALOG)

    assert set(result.applied) == ALL
    assert result.current == CURRENT == migrate.current(database, CATALOG)
    assert migrate.check(database, CATALOG) == []
    assert schemas(database) == {service.schema for service in CATALOG.services} | {"payrollx_meta"}


def test_a_second_run_finds_nothing_to_do(migrated: DatabaseUrl) -> None:
    before = picture(migrated)

    assert migrate.upgrade(migrated, CATALOG) == migrate.Result((), CURRENT)
    assert picture(migrated) == before


@pytest.mark.parametrize("service", EACH_SERVICE)
def test_one_service_comes_alone(service: str, database: DatabaseUrl) -> None:
    result = migrate.upgrade(database, CATALOG, service=service)

    assert set(result.current) == {service}
    assert schemas(database) == {CATALOG.service(service).schema, "payrollx_meta"}
    assert migrate.upgrade(database, CATALOG, service=service).applied == ()
    assert migrate.check(database, CATALOG, service=service) == []
    others = {finding.subject for finding in migrate.check(database, CATALOG)}
    assert others == set(CURRENT) - {service}


@pytest.mark.long
def test_services_that_come_one_by_one_make_the_same_database(database: DatabaseUrl, template: DatabaseUrl) -> None:
    for service in reversed(CATALOG.services):
        migrate.upgrade(database, CATALOG, service=service.name)

    assert picture(database) == picture(template)
    assert migrate.check(database, CATALOG) == []


@pytest.mark.parametrize("service", EACH_SERVICE)
def test_each_service_goes_down_and_up_again_to_the_same(service: str, migrated: DatabaseUrl) -> None:
    before = picture(migrated)

    down = migrate.downgrade(migrated, CATALOG, service=service, revision="base")
    assert f"{service}_0001" in down.applied
    assert CATALOG.service(service).schema not in schemas(migrated)
    assert not any(f"'{CATALOG.service(service).schema}'" in line for line in picture(migrated)["defaults"])

    up = migrate.upgrade(migrated, CATALOG)
    assert set(up.applied) == set(down.applied)
    assert picture(migrated) == before


EMPLOYEE = """
    INSERT INTO auth.users (email, password, first_name, last_name) VALUES ('a@b', '', '', '');
    INSERT INTO organization.organizations (name, created_by) VALUES ('o', gen_random_uuid());
    INSERT INTO employee.employees (organization_id, user_id)
    SELECT organizations.id, users.id FROM organization.organizations, auth.users
"""


def test_a_key_that_rows_stand_in_the_way_of_is_refused_with_their_number(migrated: DatabaseUrl) -> None:
    run(migrated, EMPLOYEE)
    migrate.downgrade(migrated, CATALOG, service="auth", revision="base")
    before = picture(migrated)
    assert migrate.check(migrated, CATALOG, service="employee") == []

    with pytest.raises(FindingsError, match="rows of another service") as caught:
        migrate.upgrade(migrated, CATALOG)

    assert caught.value.details == ("employee.employees.user_id -> auth.users.id: 1 row points at no row",)
    assert picture(migrated) == before
    run(migrated, "DELETE FROM employee.employees")
    migrate.upgrade(migrated, CATALOG)
    assert migrate.check(migrated, CATALOG) == []


def test_a_key_that_was_dropped_is_made_again(migrated: DatabaseUrl) -> None:
    before = picture(migrated)
    run(migrated, "ALTER TABLE wallet.wallets DROP CONSTRAINT fk_wallets_employee_id")

    assert migrate.upgrade(migrated, CATALOG).applied == ()
    assert picture(migrated) == before


def test_a_key_that_a_copy_has_taken_down_is_left_to_it(migrated: DatabaseUrl) -> None:
    run(migrated, "ALTER TABLE wallet.wallets DROP CONSTRAINT fk_wallets_employee_id")
    run(migrated, "CREATE TABLE payrollx_meta.objects (table_name text, name text, restored_at timestamptz)")
    run(migrated, "ALTER TABLE payrollx_meta.objects OWNER TO payrollx_owner;"
        " INSERT INTO payrollx_meta.objects VALUES ('wallet.wallets', 'fk_wallets_employee_id', NULL)")  # fmt: skip
    missing = "foreign key fk_wallets_employee_id of wallet.wallets is missing"

    migrate.upgrade(migrated, CATALOG)
    assert [finding.message for finding in migrate.check(migrated, CATALOG)] == [missing]

    run(migrated, "UPDATE payrollx_meta.objects SET restored_at = now()")
    migrate.upgrade(migrated, CATALOG)
    assert migrate.check(migrated, CATALOG) == []


def test_down_to_base_leaves_nothing_behind(migrated: DatabaseUrl) -> None:
    before = picture(migrated)

    result = migrate.downgrade(migrated, CATALOG, revision="base")
    assert (set(result.applied), result.current) == (ALL, {})
    assert schemas(migrated) == set()

    migrate.upgrade(migrated, CATALOG)
    assert picture(migrated) == before


def test_down_keeps_the_meta_schema_that_holds_something_else(migrated: DatabaseUrl) -> None:
    run(migrated, "CREATE TABLE payrollx_meta.theirs (id integer)")

    migrate.downgrade(migrated, CATALOG, revision="base")

    assert schemas(migrated) == {"payrollx_meta"}


def test_down_to_where_it_is_does_nothing(migrated: DatabaseUrl) -> None:
    assert migrate.downgrade(migrated, CATALOG, revision="auth_0001").applied == ()


def test_down_refuses_to_drop_what_no_migration_made(migrated: DatabaseUrl) -> None:
    run(migrated, "CREATE VIEW public.everyone AS SELECT id FROM auth.users")

    with pytest.raises(TargetError, match="depend") as caught:
        migrate.downgrade(migrated, CATALOG, revision="base")

    assert "drop or move that first" in caught.value.hint
    assert migrate.current(migrated, CATALOG) == CURRENT


def test_looking_leaves_no_trace(database: DatabaseUrl) -> None:
    assert migrate.current(database, CATALOG) == {}
    assert len(migrate.check(database, CATALOG)) == len(CATALOG.services)
    assert schemas(database) == set()


# What is done to the database behind the migrations' back, and what has to be said about it.
DRIFT = {
    "ALTER TABLE auth.users ADD phone text": "column auth.users.phone is in the database only",
    "ALTER TABLE auth.users DROP last_name": "column auth.users.last_name is missing",
    "ALTER TABLE wallet.wallets ALTER created_at DROP DEFAULT": (
        "column wallet.wallets.created_at has default None; the models say now()"
    ),
    "ALTER TABLE auth.users ALTER role SET DEFAULT 'ADMIN'": (
        "column auth.users.role has default 'ADMIN'::text; the models say EMPLOYEE"
    ),
    "ALTER TABLE employee.employees ALTER salary TYPE numeric(20, 2)": (
        "column employee.employees.salary has type NUMERIC(20, 2); the models say NUMERIC(38, 18)"
    ),
    "ALTER TABLE auth.users ALTER first_name DROP NOT NULL": (
        "column auth.users.first_name has nullable True; the models say False"
    ),
    "DROP INDEX auth.ix_users_role": "index ix_users_role of auth.users is missing",
    "ALTER TABLE wallet.wallets DROP CONSTRAINT uq_wallets_public_key": (
        "constraint uq_wallets_public_key of wallet.wallets is missing"
    ),
    "ALTER TABLE employee.employees DROP CONSTRAINT fk_employees_user_id": (
        "foreign key fk_employees_user_id of employee.employees is missing"
    ),
    "CREATE TABLE payroll.notes (id integer)": "table payroll.notes is in the database only",
    "DROP TABLE transaction.transaction_logs": "table transaction.transaction_logs is missing",
    "ALTER TYPE employee.kyc_status ADD VALUE 'EXPIRED'": (
        "enum employee.kyc_status has the labels PENDING, VERIFIED, APPROVED, REJECTED, UNDER_REVIEW, "
        "EXPIRED; the models say PENDING, VERIFIED, APPROVED, REJECTED, UNDER_REVIEW"
    ),
    "CREATE TYPE auth.mood AS ENUM ('good')": "enum auth.mood is in the database only",
    "CREATE FUNCTION auth.evil(integer, text) RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": (
        "function auth.evil(integer,pg_catalog.text) is in the database only"
    ),
    "CREATE PROCEDURE auth.evil() LANGUAGE sql AS ''": "procedure auth.evil() is in the database only",
    "CREATE TRIGGER evil BEFORE UPDATE ON auth.users FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()": "trigger evil on auth.users is in the database only",
    "CREATE RULE evil AS ON INSERT TO auth.users DO ALSO NOTHING": "rule evil on auth.users is in the database only",
    "CREATE POLICY evil ON auth.users USING (true)": "policy evil on auth.users is in the database only",
    "ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY": "row security on auth.users is in the database only",
    "CREATE VIEW auth.everyone AS SELECT id FROM auth.users": "view auth.everyone is in the database only",
    "CREATE MATERIALIZED VIEW auth.everybody AS SELECT id FROM auth.users": (
        "materialized view auth.everybody is in the database only"
    ),
    "CREATE DOMAIN auth.money AS numeric CHECK (VALUE > 0)": "type auth.money is in the database only",
    "CREATE FUNCTION auth.audit_into_x() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'": (
        "function auth.audit_into_x() is in the database only"
    ),
    "CREATE TRIGGER payrollx_audit AFTER UPDATE ON auth.users FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()": ("table auth.users has an audit trigger, but no mark"),
}


def test_drift_is_seen(migrated: DatabaseUrl) -> None:
    """All of it at once: each change is one that no other one hides."""
    for change in DRIFT:
        run(migrated, change)

    messages = {finding.message for finding in migrate.check(migrated, CATALOG)}

    assert set(DRIFT.values()) <= messages


def test_what_lies_in_other_schemas_is_no_drift(migrated: DatabaseUrl) -> None:
    run(migrated, "CREATE TABLE public.notes (id integer); CREATE TABLE payrollx_meta.runs (id integer)")

    assert migrate.check(migrated, CATALOG) == []


def test_a_failure_leaves_nothing_half_done(database: DatabaseUrl) -> None:
    run(database, "CREATE SCHEMA wallet; CREATE TABLE wallet.wallets (id integer)")
    before = picture(database)

    with pytest.raises(TargetError, match=r"permission denied for schema wallet.*roles --check names what isn't"):
        migrate.upgrade(database, CATALOG)

    assert picture(database) == before


def test_of_two_threads_one_waits_and_finds_nothing_to_do(database: DatabaseUrl) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(migrate.upgrade, [database, database], [CATALOG, CATALOG]))

    assert sorted(len(result.applied) for result in results) == [0, len(ALL)]
    assert all(result.current == CURRENT for result in results)


def command(*arguments: str, url: DatabaseUrl, folder: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "payrollx_db", "migrate", *arguments],
        env={**os.environ, "DATABASE_URL": url.sqlalchemy(), **environment},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long  # as two threads do above
def test_of_two_processes_one_waits_and_finds_nothing_to_do(database: DatabaseUrl, tmp_path: Path) -> None:
    with (
        command("--json", url=database, folder=tmp_path) as one,
        command("--json", url=database, folder=tmp_path) as two,
    ):
        answers = [one.communicate(), two.communicate()]

    assert [(one.returncode, two.returncode), answers[0][1], answers[1][1]] == [(0, 0), "", ""]
    documents = [json.loads(stdout) for stdout, _ in answers]
    assert sorted(len(document["applied"]) for document in documents) == [0, len(ALL)]
    assert [document["current"] for document in documents] == [CURRENT, CURRENT]


def test_the_script_makes_the_same_database(database: DatabaseUrl, template: DatabaseUrl) -> None:
    run(database, migrate.offline_sql(CATALOG))

    assert picture(database) == picture(template)
    assert migrate.current(database, CATALOG) == CURRENT
    assert migrate.check(database, CATALOG) == []


def test_the_script_for_one_service(database: DatabaseUrl) -> None:
    run(database, migrate.offline_sql(CATALOG, service="employee"))

    assert set(migrate.current(database, CATALOG)) == {"employee"}
    assert set(migrate.upgrade(database, CATALOG).current) == set(CURRENT)


def test_nothing_depends_on_search_path(server: TestServer, migrated: DatabaseUrl) -> None:
    # Someone called auth has the schema auth first in their search_path, "$user". SQLAlchemy would take that
    # for the default schema, whose tables are named without one.
    with psycopg.connect(server.url.conninfo(), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS auth")
        connection.execute("CREATE ROLE auth SUPERUSER LOGIN PASSWORD 'made up'")
        try:
            statement = sql.SQL("ALTER DATABASE {} SET search_path = auth, payroll")
            connection.execute(statement.format(sql.Identifier(migrated.dbname)))
            url = DatabaseUrl({**migrated.params, "user": "auth", "password": "made up"})
            before = picture(migrated)

            assert migrate.check(url, CATALOG) == []
            migrate.downgrade(url, CATALOG, revision="base")
            migrate.upgrade(url, CATALOG)
            assert migrate.check(url, CATALOG) == []
            assert picture(migrated) == before
        finally:
            connection.execute("DROP ROLE auth")


def test_a_revision_of_a_newer_version_is_refused(migrated: DatabaseUrl) -> None:
    run(migrated, "UPDATE payrollx_meta.alembic_version SET version_num = 'payroll_9999'"
        " WHERE version_num = 'payroll_0001'")  # fmt: skip

    for action in (migrate.upgrade, migrate.current, migrate.check):
        with pytest.raises(StateConflictError, match="is at revision payroll_9999, which"):
            action(migrated, CATALOG)


def test_what_there_isnt_is_named_with_what_there_is(database: DatabaseUrl) -> None:
    with pytest.raises(ConfigurationError, match=r"'nope'; there are auth, organization"):
        migrate.upgrade(database, CATALOG, service="nope")
    with pytest.raises(ConfigurationError, match=r"'nope_1'; those that there are: auth_0001"):
        migrate.upgrade(database, CATALOG, revision="nope_1")
    with pytest.raises(ConfigurationError, match="auth@wallet_0001"):
        migrate.downgrade(database, CATALOG, service="auth", revision="wallet_0001")
    with pytest.raises(ConfigurationError, match="nope"):
        migrate.check(database, CATALOG, service="nope")
    assert schemas(database) == set()


@pytest.mark.parametrize("action", [migrate.upgrade, migrate.current, migrate.check])
def test_an_unreachable_server_is_named_without_its_password(
    action: Callable[[DatabaseUrl, Catalog], object], database: DatabaseUrl
) -> None:
    for wrong in (
        {"port": "1"},
        {"user": "nobody_of_that_name", "password": "hunter2"},
        {"dbname": "no_database_of_that_name"},
    ):
        url = DatabaseUrl({"password": "hunter2", **database.params, **wrong})
        with pytest.raises(TargetError) as caught:
            action(url, CATALOG)
        assert url.masked in str(caught.value)
        assert url.params["password"] not in str(caught.value)


def test_the_servers_answer_is_told_where_the_password_is_a_word_of_it(database: DatabaseUrl) -> None:
    url = DatabaseUrl({**database.params, "user": "hunter2", "password": "hunter2"})

    with pytest.raises(TargetError, match=r"hunter2:\*\*\*@.*SQLSTATE 28") as caught:
        migrate.upgrade(url, CATALOG)
    assert "check the user name and the password" in caught.value.hint
