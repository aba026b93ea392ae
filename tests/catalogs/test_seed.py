"""The seed: consistent over all services, the same each time, and written through the walls."""

import hashlib
import json
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner, Result
from conftest import TestServer, unique
from psycopg import sql
from worlds import query, snapshot_of, value

from payrollx_db.catalogs.payrollx.seed.insert import SEED
from payrollx_db.catalogs.payrollx.seed.passwords import hashed, is_password
from payrollx_db.catalogs.payrollx.seed.rows import NAMESPACE, key, rows, total
from payrollx_db.catalogs.payrollx.seed.world import KNOWN, PASSWORD, PAYDAYS, PEOPLE
from payrollx_db.cli import cli
from payrollx_db.errors import StateConflictError, TargetError
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.schema.seed import insert_seed
from payrollx_db.unified import CATALOG

USER = "INSERT INTO auth.users (email, password, first_name, last_name) VALUES (%s, '', '', '')"


@pytest.fixture(scope="module")
def seeded(server: TestServer, migrated_template: str) -> Iterator[DatabaseUrl]:
    """A seeded database that tests only read."""
    name = unique("seeded")
    url = server.create_database(name, migrated_template)
    insert_seed(url, CATALOG, SEED, CATALOG.services)
    yield url
    server.drop_database(name)


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["dev", "seed", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", *(f"{service.name.upper()}_DATABASE_URL" for service in CATALOG.services)):
        monkeypatch.delenv(name, raising=False)


# -- what is in it -------------------------------------------------------------------------------------


def test_every_table_has_rows(seeded: DatabaseUrl) -> None:
    for table in CATALOG.tables():
        name = sql.Identifier(*table.split(".")).as_string()
        assert value(seeded, f"SELECT count(*) FROM {name}") > 0, table


def test_every_status_and_every_role_occurs(seeded: DatabaseUrl) -> None:
    def seen(column: str, table: str) -> set[str]:
        return {text for (text,) in query(seeded, f"SELECT DISTINCT {column}::text FROM {table}")}

    assert seen("role", "auth.users") == {"SUPER_ADMIN", "ORG_ADMIN", "HR_MANAGER", "EMPLOYEE"}
    assert seen("status", "payroll.payroll_runs") == {"DRAFT", "PENDING", "PROCESSING", "COMPLETED"}
    assert seen("status", "payroll.payroll_items") == {"DRAFT", "PENDING", "PROCESSING", "COMPLETED", "FAILED"}
    assert seen("status", "transaction.transactions") == {"PROCESSING", "COMPLETED", "FAILED"}
    assert seen("type", "notification.notifications") == {"EMAIL", "SMS", "PUSH", "IN_APP"}
    assert seen("status", "compliance.compliance_reports") == {"GENERATING", "COMPLETED", "FAILED"}
    assert seen("kyc_status", "employee.employees") == {"APPROVED", "UNDER_REVIEW", "PENDING"}


CONSISTENT = {
    "a run's total is the sum of its items": """
        SELECT r.id FROM payroll.payroll_runs AS r LEFT JOIN payroll.payroll_items AS i ON i.payroll_run_id = r.id
        GROUP BY r.id HAVING r.total_amount IS DISTINCT FROM sum(i.amount) OR bool_or(i.currency <> r.currency)""",
    "who is paid worked there in that month": """
        SELECT i.id FROM payroll.payroll_items AS i JOIN payroll.payroll_runs AS r ON r.id = i.payroll_run_id
        JOIN employee.employees AS e ON e.id = i.employee_id
        WHERE e.organization_id <> r.organization_id OR e.start_date > r.period_end OR e.end_date < r.period_start
           OR i.amount <> e.salary""",
    "every payment on its way is a transaction of the same amount, from the employee's wallet": """
        SELECT i.id FROM payroll.payroll_items AS i LEFT JOIN transaction.transactions AS t
          ON (t.payroll_run_id, t.employee_id, t.amount, t.currency, t.status::text)
           = (i.payroll_run_id, i.employee_id, i.amount, i.currency, i.status::text)
          AND t.signature IS NOT DISTINCT FROM i.tx_signature
        LEFT JOIN wallet.wallets AS w ON w.id = t.wallet_id AND w.employee_id = i.employee_id
        WHERE i.status IN ('PROCESSING', 'COMPLETED', 'FAILED') AND w.id IS NULL""",
    "what has arrived moved into that wallet": """
        SELECT t.id FROM transaction.transactions AS t LEFT JOIN wallet.wallet_transactions AS m
          ON (m.wallet_id, m.signature, m.amount, m.currency) = (t.wallet_id, t.signature, t.amount, t.currency)
         AND m.direction = 'INCOMING'
        WHERE t.status = 'COMPLETED' AND m.id IS NULL""",
    "a transaction's last step is its status": """
        SELECT t.id FROM transaction.transactions AS t
        WHERE t.status IS DISTINCT FROM (SELECT l.status FROM transaction.transaction_logs AS l
            WHERE l.transaction_id = t.id ORDER BY l.created_at DESC LIMIT 1)""",
    "the wallet's address is the employee's": """
        SELECT e.id FROM employee.employees AS e LEFT JOIN wallet.wallets AS w ON w.employee_id = e.id
        WHERE w.public_key IS DISTINCT FROM e.wallet_address""",
    "a user's organization is the employee's": """
        SELECT e.id FROM employee.employees AS e JOIN auth.users AS u ON u.id = e.user_id
        WHERE u.organization_id IS DISTINCT FROM e.organization_id""",
    "nothing is older than what it needs": """
        SELECT e.id FROM employee.employees AS e JOIN auth.users AS u ON u.id = e.user_id
        JOIN organization.organizations AS o ON o.id = e.organization_id
        JOIN auth.users AS founder ON founder.id = o.created_by
        WHERE e.created_at < greatest(u.created_at, o.created_at) OR o.created_at < founder.created_at""",
    "a report says what its runs paid": """
        SELECT c.id FROM compliance.compliance_reports AS c
        WHERE c.status = 'COMPLETED' AND (c.data ->> 'total')::numeric <> (
            SELECT sum(r.total_amount) FROM payroll.payroll_runs AS r
            WHERE r.organization_id = c.organization_id AND r.period_start = c.start_date::date)""",
}


@pytest.mark.parametrize("rule", CONSISTENT)
def test_it_is_consistent(rule: str, seeded: DatabaseUrl) -> None:
    assert query(seeded, CONSISTENT[rule]) == []


def test_every_loose_reference_leads_somewhere(seeded: DatabaseUrl) -> None:
    for reference in CATALOG.references:
        here, there = (sql.Identifier(*name.split(".")) for name in (reference.table, reference.target_table))
        statement = sql.SQL(
            "SELECT a.{column} FROM {here} AS a LEFT JOIN {there} AS b ON b.{target} = a.{column}"
            " WHERE a.{column} IS NOT NULL AND b.{target} IS NULL"
        ).format(
            here=here,
            there=there,
            column=sql.Identifier(reference.columns[0]),
            target=sql.Identifier(reference.target_columns[0]),
        )
        assert query(seeded, statement.as_string()) == [], str(reference)


def test_the_known_logins_work(seeded: DatabaseUrl) -> None:
    stored = dict(query(seeded, "SELECT email, password FROM auth.users"))

    assert len(set(stored.values())) == len(PEOPLE)  # each has a salt of its own
    for email in KNOWN:
        assert is_password(PASSWORD, stored[email])
        assert not is_password(PASSWORD + "!", stored[email])
    assert not is_password(PASSWORD, "$2b$12$something.else")
    assert not is_password(PASSWORD, "x")
    assert not is_password(PASSWORD, "scrypt$8192$8$1")
    assert PASSWORD not in hashed(PASSWORD, b"salt")


def test_the_rows_are_the_same_wherever_they_are_made() -> None:
    assert key("user", KNOWN[1]) == uuid.uuid5(NAMESPACE, "user:ada@alpenglow.example")
    assert str(key("user", KNOWN[1])) == "ac9b03f4-b6cf-514f-9a46-50fbafb33daf"
    totals = ["236.500000001", "196.750000001", "229.875000001", "229.875000001", "17525.75", "17525.75"]
    assert [str(total(day)) for day in PAYDAYS] == totals
    made = json.dumps([made for s in CATALOG.services for _, made in rows(s.name)], default=str).encode()
    assert hashlib.sha256(made).hexdigest()[:16] == "023e1e23181bd0ad"


# -- how it is written ---------------------------------------------------------------------------------


def test_a_second_run_changes_nothing(migrated: DatabaseUrl) -> None:
    first = insert_seed(migrated, CATALOG, SEED, CATALOG.services)
    before = snapshot_of(migrated)
    query(migrated, "DELETE FROM notification.notifications WHERE type = 'SMS'")
    query(migrated, "UPDATE auth.users SET first_name = 'Changed' WHERE email = %s", [KNOWN[1]])

    mended = insert_seed(migrated, CATALOG, SEED, CATALOG.services)
    again = insert_seed(migrated, CATALOG, SEED, CATALOG.services)

    assert first.written == sum(len(made) for s in CATALOG.services for _, made in rows(s.name))
    assert {table.table for table in mended.tables if table.written} == {"notifications"}
    assert again.written == 0
    assert value(migrated, "SELECT first_name FROM auth.users WHERE email = %s", [KNOWN[1]]) == "Changed"
    query(migrated, "UPDATE auth.users SET first_name = 'Ada' WHERE email = %s", [KNOWN[1]])
    assert snapshot_of(migrated) == before


def test_each_service_writes_under_its_own_role(migrated: DatabaseUrl) -> None:
    query(migrated, "REVOKE INSERT ON wallet.wallets FROM payrollx_wallet")

    with pytest.raises(TargetError, match=r"nothing was written into .*permission denied for table wallets"):
        insert_seed(migrated, CATALOG, SEED, CATALOG.services)

    assert value(migrated, "SELECT count(*) FROM auth.users") == 0


def test_a_member_of_the_owner_alone_may_seed_too(migrated: DatabaseUrl) -> None:
    login = unique("sower")
    name = sql.Identifier(login)
    query(migrated, sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'sower' IN ROLE payrollx_owner").format(name).as_string())
    try:
        url = DatabaseUrl({**migrated.params, "user": login, "password": "sower"})
        assert insert_seed(url, CATALOG, SEED, CATALOG.services).written > 0
    finally:
        query(migrated, sql.SQL("DROP ROLE {}").format(name).as_string())


def test_a_database_with_other_users_is_refused(migrated: DatabaseUrl) -> None:
    query(migrated, USER, ["someone@real.example"])

    with pytest.raises(StateConflictError, match="whose password everyone knows") as caught:
        insert_seed(migrated, CATALOG, SEED, CATALOG.services)
    assert "--beside" in caught.value.hint
    assert value(migrated, "SELECT count(*) FROM auth.users") == 1

    assert insert_seed(migrated, CATALOG, SEED, CATALOG.services, beside=True).written > 0
    assert insert_seed(migrated, CATALOG, SEED, CATALOG.services, beside=True).written == 0


def test_a_row_in_the_way_is_named_and_nothing_is_written(migrated: DatabaseUrl) -> None:
    query(migrated, USER, [KNOWN[0]])

    with pytest.raises(StateConflictError, match=r"nothing was written into .*constraint uq_users_email"):
        insert_seed(migrated, CATALOG, SEED, CATALOG.services, beside=True)

    assert value(migrated, "SELECT count(*) FROM organization.organizations") == 0


def test_an_unmigrated_database_is_refused(database: DatabaseUrl) -> None:
    with pytest.raises(TargetError, match="nothing was written") as caught:
        insert_seed(database, CATALOG, SEED, CATALOG.services)

    assert "payrollx-db migrate" in caught.value.hint


def test_the_sequence_of_the_logs_is_left_alone(seeded: DatabaseUrl) -> None:
    with psycopg.connect(seeded.conninfo()) as connection:  # rolled back
        insert = """INSERT INTO transaction.transaction_logs (transaction_id, status)
            SELECT id, 'PENDING' FROM transaction.transactions LIMIT 1 RETURNING id"""
        assert connection.execute(insert).fetchall() == [(1,)]
        connection.rollback()


# -- the command ---------------------------------------------------------------------------------------


def test_the_command_says_who_can_log_in(migrated: DatabaseUrl) -> None:
    first = call("--database-url", migrated.plain)
    second = call("--database-url", migrated.plain)

    assert "wrote 2" in first.stderr
    assert "nothing to do" in second.stderr
    for email in KNOWN:
        assert email in second.stdout
    assert PASSWORD in second.stdout
    assert migrated.params["password"] not in first.output + second.output


def test_the_document(migrated: DatabaseUrl) -> None:
    document = json.loads(call("--database-url", migrated.plain, "--json").stdout)

    assert document.keys() == {"written", "databases", "logins", "password"}
    assert document["written"] == sum(table["written"] for table in document["databases"][0]["tables"])
    assert document["databases"][0]["tables"][0] == {
        "service": "auth",
        "table": "users",
        "written": len(PEOPLE),
        "there": 0,
    }
    assert {login["role"] for login in document["logins"]} == {"SUPER_ADMIN", "ORG_ADMIN", "HR_MANAGER", "EMPLOYEE"}


def test_a_service_that_is_placed_elsewhere_is_seeded_there(
    server: TestServer, migrated: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = server.create_database(unique("aside"))
    try:
        migrate.upgrade(aside, CATALOG, service="compliance")
        monkeypatch.setenv("DATABASE_URL", migrated.plain)
        monkeypatch.setenv("COMPLIANCE_DATABASE_URL", aside.plain)
        call()

        assert value(aside, "SELECT count(*) FROM compliance.compliance_reports") > 0
        assert value(migrated, "SELECT count(*) FROM compliance.compliance_reports") == 0
    finally:
        server.drop_database(aside.dbname)
