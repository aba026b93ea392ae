"""PayrollX there and back: what its services write in the unified database is in all eight legacy ones, compared here
by means of this module's own: it knows the tables by their columns, and nothing of the tool's rules.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from back_worlds import Back, run_back
from psycopg.rows import dict_row
from worlds import World, query

pytestmark = pytest.mark.usefixtures("logical_server")

JOINED = """
(SELECT o.*, g.config, g.authorized_signers, g.onboarding_completed FROM organization.organizations AS o
 JOIN organization.organization_settings AS g ON g.organization_id = o.id) AS t
"""
# By legacy database: each table with what its rows are made of, and the columns whose names say nothing.
TABLES: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "payrollx_auth": {
        "users": ("auth.users", {}),
        "refresh_tokens": ("auth.refresh_tokens", {}),
        "audit_logs": ("auth.audit_logs", {"entityType": "resource", "entityId": "resource_id"}),
    },
    "payrollx_org": {
        "organizations": (JOINED, {}),
    },
    "payrollx_employee": {"employees": ("employee.employees", {})},
    "payrollx_wallet": {"wallets": ("wallet.wallets", {})},
    "payrollx_payroll": {
        "payroll_runs": ("payroll.payroll_runs", {}),
        "payroll_items": ("payroll.payroll_items", {}),
    },
    "payrollx_transaction": {"transactions": ("transaction.transactions", {})},
    "payrollx_notification": {
        "notifications": ("notification.notifications", {"subject": "title", "content": "message"})
    },
    "payrollx_compliance": {
        "compliance_reports": ("compliance.compliance_reports", {"completedAt": "generated_at"}),
        "audit_logs": ("compliance.audit_logs", {"entityType": "resource", "entityId": "resource_id"}),
    },
}
DUPLICATES = {
    ("payrollx_org", "employees"): "payrollx_employee",
    ("payrollx_employee", "organizations"): "payrollx_org",
    ("payrollx_wallet", "employees"): "payrollx_employee",
    ("payrollx_payroll", "employees"): "payrollx_employee",
    ("payrollx_transaction", "employees"): "payrollx_employee",
    ("payrollx_transaction", "payroll_runs"): "payrollx_payroll",
}
NEW = "gen_random_uuid()"
WRITES = f"""
UPDATE auth.users SET first_name = first_name || '!', updated_at = '2030-01-01 10:00:00.123456+02';
UPDATE auth.audit_logs SET details = '{{"k": "v"}}' WHERE details IS NOT NULL;
DELETE FROM auth.refresh_tokens;
INSERT INTO auth.users (id, email, password, first_name, last_name, organization_id, created_at)
  SELECT {NEW}, 'new-' || n || '@example.org', 'x', 'New', 'É' || n, NULL, '2030-01-01' FROM generate_series(1, 9) AS n;
INSERT INTO auth.refresh_tokens (id, token, user_id, expires_at)
  SELECT {NEW}, 'token ' || id, id, '2031-01-01' FROM auth.users WHERE email LIKE 'new-%';
WITH made AS (
  INSERT INTO organization.organizations (id, name, created_by, description)
    SELECT {NEW}, 'New ' || n, {NEW}, 'lost' FROM generate_series(1, 5) AS n RETURNING id)
INSERT INTO organization.organization_settings (organization_id, config, authorized_signers)
  SELECT id, '{{"a": [1]}}', ARRAY['x', NULL, '"'] FROM made;
UPDATE organization.organization_settings SET config = NULL, onboarding_completed = NOT onboarding_completed;
UPDATE organization.organizations SET name = name || ' Ltd' WHERE name LIKE 'New %';
UPDATE employee.employees SET salary = coalesce(salary, 0) + 0.000000000000000001, kyc_status = 'REJECTED';
DELETE FROM wallet.wallets WHERE id IN (SELECT id FROM wallet.wallets ORDER BY id LIMIT 2);
UPDATE wallet.wallets SET key_share_ids = ARRAY['1', ''], deleted_at = now(), public_key = public_key || '-new';
UPDATE payroll.payroll_runs SET total_amount = total_amount * 2, currency = 'EUR';
UPDATE payroll.payroll_items SET retry_count = 7, tx_signature = NULL;
UPDATE transaction.transactions SET notes = 'noted', error = '';
UPDATE notification.notifications SET title = 'Title', metadata = '{{"b": 1, "a": {{"x": null}}}}';
DELETE FROM notification.notifications WHERE id IN (SELECT id FROM notification.notifications ORDER BY id LIMIT 3);
UPDATE compliance.compliance_reports SET generated_at = now(), filters = '[]';
UPDATE compliance.audit_logs SET user_agent = NULL, details = '"text"'
"""


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def plain(value: Any) -> Any:
    """Return a value as it would be in a legacy table: ids as texts, local times in UTC to the millisecond."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime) and value.tzinfo:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
        rounded = (value.microsecond + 500) // 1000
        return value.replace(microsecond=0) + dt.timedelta(milliseconds=rounded)
    return value


def fetched(url: Any, source: str) -> list[dict[str, Any]]:
    with psycopg.connect(url.conninfo(), row_factory=dict_row) as connection:
        return connection.execute(f"SELECT * FROM {source}").fetchall()  # type: ignore[arg-type]


def expected(world: World, database: str, table: str) -> dict[str, dict[str, Any]]:
    """Return the legacy rows that the unified ones mean, by id."""
    source, renamed = TABLES[database][table]
    columns = list(fetched(world.urls[database], f"(SELECT * FROM {table} LIMIT 1) AS t")[0])
    found = {}
    for row in fetched(world.target, source):
        legacy = {column: plain(row[renamed.get(column, snake(column))]) for column in columns}
        if (database, table) == ("payrollx_auth", "audit_logs"):
            legacy["details"] = as_json_text(row["details"])
        found[legacy["id"]] = legacy
    return found


def as_json_text(document: Any) -> Any:
    return '{"k": "v"}' if document == {"k": "v"} else document


def legacy_rows(world: World, database: str, table: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in fetched(world.urls[database], table)}


def assert_equal(world: World) -> None:
    for database, tables in TABLES.items():
        for table in tables:
            assert legacy_rows(world, database, table) == expected(world, database, table), (database, table)


def test_all_that_is_written_comes_back_to_eight_databases_but_what_they_never_knew(world: World) -> None:
    before = {place: set(legacy_rows(world, *place)) for place in DUPLICATES}
    owners = {(owner, table): set(legacy_rows(world, owner, table)) for (_, table), owner in DUPLICATES.items()}
    whole = {place for place, owner in DUPLICATES.items() if before[place] == owners[owner, place[1]]}
    assert len(whole) not in (0, len(DUPLICATES))

    async def work(back: Back) -> None:
        assert_equal(world)  # nothing is changed by following alone
        query(world.target, WRITES)
        passed = await back.passes()
        assert all(one.keys for one in passed.values())
        assert_equal(world)
        for (database, table), owner in DUPLICATES.items():
            rows, owned = legacy_rows(world, database, table), expected(world, owner, table)
            grown = set(owned) if (database, table) in whole else before[database, table] & set(owned)
            assert set(rows) == grown, (database, table)
            assert all(row.items() <= owned[key].items() for key, row in rows.items()), (database, table)
        for name in back.followers:
            assert await back.stuck(name) == {}
        passed = await back.passes()
        assert not any(one.written or one.deleted for one in passed.values())
        await rows_that_the_legacy_never_knew_are_stuck(world, back)

    run_back(world, work)
    assert_stuck_rows_are_shown(world)


STUCK = {
    ("payrollx_employee", "employees"): ("UPDATE employee.employees SET kyc_status = 'UNDER_REVIEW'", "UNDER_REVIEW"),
    ("payrollx_auth", "audit_logs"): ("UPDATE auth.audit_logs SET user_id = NULL", "userId doesn't take NULL"),
    ("payrollx_org", "organizations"): ("DELETE FROM organization.organization_settings", "onboardingCompleted"),
}


async def rows_that_the_legacy_never_knew_are_stuck(world: World, back: Back) -> None:
    before = {place: legacy_rows(world, *place) for place in STUCK}
    for statement, _ in STUCK.values():
        query(world.target, statement)
    await back.passes()
    for (database, table), (_, reason) in STUCK.items():
        stuck = (await back.stuck(database))[f"public.{table}"]
        assert set(stuck) == set(before[database, table])
        assert all(reason in text for text in stuck.values())
        assert legacy_rows(world, database, table) == before[database, table]


def assert_stuck_rows_are_shown(world: World) -> None:
    shown = {(rows["database"], rows["table"]): rows for rows in world.answer("status")["stuck"]}
    for database, table in STUCK:
        count = len(legacy_rows(world, database, table))
        rows = shown[database, f"public.{table}"]
        assert (rows["rows"], len(rows["examples"])) == (count, min(count, 10))
    assert "userId doesn't take NULL" in world.command("status").stdout
