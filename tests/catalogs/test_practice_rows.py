"""The rows of the invented legacy databases: sound if plain, as bad as they say if hostile, the same for a seed."""

import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from practice_rows import DATABASES, ENUMS, column, fetch, whole

from payrollx_db.catalogs.payrollx.practice.databases import drop_legacy, make_legacy
from payrollx_db.devserver import create_database, database_exists, drop_database
from payrollx_db.devserver.practice import DatabaseMade, LegacySummary, Trouble
from payrollx_db.errors import DevServerError
from payrollx_db.postgres.query_files import QueryFiles
from payrollx_db.postgres.url import DatabaseUrl

# (owner's table) -> columns that the unified layout wants as UUIDs.
UUIDS = {
    ("payrollx_auth", "users"): "id organizationId",
    ("payrollx_auth", "refresh_tokens"): "id userId",
    ("payrollx_auth", "audit_logs"): "id userId",
    ("payrollx_org", "organizations"): "id createdBy",
    ("payrollx_employee", "employees"): "id organizationId userId",
    ("payrollx_wallet", "wallets"): "id employeeId createdBy",
    ("payrollx_payroll", "payroll_runs"): "id organizationId createdBy",
    ("payrollx_payroll", "payroll_items"): "id payrollRunId employeeId",
    ("payrollx_transaction", "transactions"): "id payrollRunId employeeId",
    ("payrollx_notification", "notifications"): "id userId",
    ("payrollx_compliance", "compliance_reports"): "id createdBy",
    ("payrollx_compliance", "audit_logs"): "id userId",
}
REFERENCES = (
    ("payrollx_employee", "employees", "organizationId", "payrollx_org", "organizations"),
    ("payrollx_employee", "employees", "userId", "payrollx_auth", "users"),
    ("payrollx_wallet", "wallets", "employeeId", "payrollx_employee", "employees"),
    ("payrollx_payroll", "payroll_items", "employeeId", "payrollx_employee", "employees"),
    ("payrollx_transaction", "transactions", "employeeId", "payrollx_employee", "employees"),
)
UNIQUES = (
    ("payrollx_employee", "employees", "userId"),
    ("payrollx_wallet", "wallets", "employeeId"),
    ("payrollx_wallet", "wallets", "publicKey"),
)
MONIES = (
    ("payrollx_employee", "employees", "salary"),
    ("payrollx_payroll", "payroll_runs", "totalAmount"),
    ("payrollx_payroll", "payroll_items", "amount"),
    ("payrollx_transaction", "transactions", "amount"),
)
COPIES = (
    ("payrollx_org", "employees", "payrollx_employee"),
    ("payrollx_employee", "organizations", "payrollx_org"),
    ("payrollx_wallet", "employees", "payrollx_employee"),
    ("payrollx_payroll", "employees", "payrollx_employee"),
    ("payrollx_transaction", "employees", "payrollx_employee"),
    ("payrollx_transaction", "payroll_runs", "payrollx_payroll"),
)


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def find_troubles(urls: dict[str, DatabaseUrl]) -> set[Trouble]:
    """Look for every trouble everywhere, knowing nothing of how they were planted."""
    found: Counter[tuple[str, str]] = Counter()
    for (database, table), names in UUIDS.items():
        for name in names.split():
            values = [value for value in column(urls, database, table, name) if value is not None]
            found["unconvertible", f"{database}.public.{table}.{name}"] += sum(not is_uuid(v) for v in values)
        ids = column(urls, database, table, "id")
        found["case-collision", f"{database}.public.{table}.id"] += len(ids) - len({i.lower() for i in ids})
    for database, table, name, owner, parent in REFERENCES:
        parents = {value.lower() for value in column(urls, owner, parent, "id")}
        values = column(urls, database, table, name)
        found["orphan", f"{database}.public.{table}.{name}"] += sum(v.lower() not in parents for v in values)
    for database, table, name in UNIQUES:
        values = column(urls, database, table, name)
        found["duplicate", f"{database}.public.{table}.{name}"] += len(values) - len(set(values))
    for database, table, name in MONIES:
        values = [value for value in column(urls, database, table, name) if value is not None]
        found["lossy", f"{database}.public.{table}.{name}"] += sum(v != round(v, 18) for v in values)
        assert all(abs(value) < Decimal(10) ** 20 for value in values)
    for database, table, owner in COPIES:
        copy, owned = whole(urls[database], table), whole(urls[owner], table)
        place = f"{database}.public.{table}.id"
        found["stranded", place] += len(copy.keys() - owned.keys())
        found["missing", place] += len(owned.keys() - copy.keys())
        found["drift", place] += sum(copy[key] != owned[key] for key in copy.keys() & owned.keys())
    return {Trouble(code, place, count) for (code, place), count in found.items() if count}


def test_plain_databases_have_no_trouble(legacy_to_read: Any) -> None:
    assert legacy_to_read.summary.troubles == ()
    assert find_troubles(legacy_to_read.urls) == set(legacy_to_read.summary.missing)
    assert {trouble.code for trouble in legacy_to_read.summary.missing} == {"missing"}


def test_hostile_databases_have_the_troubles_that_they_say(hostile_to_read: Any) -> None:
    summary = hostile_to_read.summary
    assert find_troubles(hostile_to_read.urls) == {*summary.troubles, *summary.missing}
    assert {trouble.code for trouble in summary.troubles} == {
        "orphan", "duplicate", "unconvertible", "case-collision", "lossy", "drift", "stranded",
    }  # fmt: skip


def test_the_summary_counts_rows(legacy_to_read: Any) -> None:
    for table in legacy_to_read.summary.tables:
        assert table.rows == len(column(legacy_to_read.urls, table.database, table.table, "id"))
        assert table.bytes > 0
    assert legacy_to_read.summary.rows == sum(table.rows for table in legacy_to_read.summary.tables)


@pytest.mark.parametrize(
    ("database", "table", "name"),
    [
        ("payrollx_employee", "employees", "kycStatus"),
        ("payrollx_payroll", "payroll_items", "status"),
        ("payrollx_transaction", "transactions", "type"),
        ("payrollx_transaction", "transactions", "status"),
        ("payrollx_notification", "notifications", "type"),
        ("payrollx_notification", "notifications", "status"),
        ("payrollx_compliance", "compliance_reports", "format"),
        ("payrollx_compliance", "compliance_reports", "status"),
    ],
)
def test_every_label_is_used(database: str, table: str, name: str, legacy_to_read: Any) -> None:
    found = set(column(legacy_to_read.urls, database, table, name))
    whole_type = next(set(ENUMS[e].split()) for e in ENUMS if found <= set(ENUMS[e].split()) and len(found) > 2)
    assert found == whole_type


def test_the_rows_have_what_makes_a_copy_stumble(legacy_to_read: Any) -> None:
    shares = column(legacy_to_read.urls, "payrollx_wallet", "wallets", "keyShareIds")
    filters = column(legacy_to_read.urls, "payrollx_compliance", "compliance_reports", "filters")
    named = [one["organizationId"] for one in filters if one and "organizationId" in one]
    details = column(legacy_to_read.urls, "payrollx_auth", "audit_logs", "details")
    amounts = column(legacy_to_read.urls, "payrollx_payroll", "payroll_items", "amount")

    assert None in shares
    assert [] in shares
    assert {len(one) for one in shares if one} == {3}
    assert {is_uuid(one) for one in named} == {True, False}
    assert None in filters
    assert {None, ""} <= set(details)
    assert any("\t" in one and "\\" in one and "\n" in one for one in details if one)
    assert any(amount != round(amount, 17) for amount in amounts)
    assert any(column(legacy_to_read.urls, "payrollx_employee", "employees", "deletedAt"))
    assert any(not name.isascii() for name in column(legacy_to_read.urls, "payrollx_auth", "users", "lastName"))


# -- making --------------------------------------------------------------------------------------------


def make(server: Any, prefix: str, **options: Any) -> tuple[LegacySummary, dict[str, str]]:
    """Make a set, take every row of every table (but the migrations', which are told apart), and drop it."""
    try:
        summary = make_legacy(server.url, prefix=prefix, **options)
        rows = {}
        for table in summary.tables:
            url = server.url.with_database(prefix + table.database)
            rows[f"{table.database}.{table.table}"] = str(sorted(whole(url, table.table).items()))
    finally:
        drop_legacy(server.url, prefix=prefix)
    return summary, rows


@pytest.mark.long
def test_a_seed_makes_the_same_rows_again(server: Any) -> None:
    first, again = (make(server, f"seeded_{n}_", employees=5, seed=7, hostile=True) for n in (1, 2))
    other = make(server, "seeded_3_", employees=5, seed=8, hostile=True)

    assert first[1] == again[1]
    assert first[0].troubles == again[0].troubles
    assert not {table for table in first[1] if first[1][table] == other[1][table]}


@pytest.mark.long
def test_one_employee_is_enough(server: Any) -> None:
    events: list[DatabaseMade] = []
    summary, _ = make(server, "one_", employees=1, observer=events.append)

    assert summary.troubles == ()
    assert {event.database for event in events} == set(DATABASES)
    with pytest.raises(DevServerError, match="at least one employee"):
        make_legacy(server.url, employees=0)


def test_a_failure_ends_the_statements_under_way(server: Any) -> None:
    def fail(made: DatabaseMade) -> None:
        raise RuntimeError(made.database)

    try:
        with pytest.raises(RuntimeError, match="payrollx_"):
            make_legacy(server.url, employees=1, prefix="failing_", observer=fail)
    finally:
        drop_legacy(server.url, prefix="failing_")


def test_databases_of_others_are_refused(server: Any) -> None:
    url = create_database(server.url, "theirs_payrollx_org")
    try:
        for action in (
            lambda: make_legacy(server.url, employees=1, prefix="theirs_"),
            lambda: drop_legacy(server.url, prefix="theirs_"),
        ):
            with pytest.raises(DevServerError, match="won't drop them: theirs_payrollx_org"):
                action()
        assert fetch(url, "SELECT 1") == [(1,)]
        assert not database_exists(server.url, "theirs_payrollx_auth")
    finally:
        drop_database(server.url, "theirs_payrollx_org")


def test_its_own_databases_are_made_anew(server: Any) -> None:
    try:
        make_legacy(server.url, employees=3, prefix="again_")
        summary = make_legacy(server.url, employees=2, prefix="again_")
        url = server.url.with_database("again_payrollx_employee")
        assert fetch(url, "SELECT count(*) FROM public.employees") == [(2,)]
        assert summary.employees == 2
    finally:
        drop_legacy(server.url, prefix="again_")


def test_a_refusal_of_the_server_is_told(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QueryFiles, "load", lambda *_: "SELECT nonsense")
    try:
        with pytest.raises(DevServerError, match=r"payrollx_\w+ can't be made: .*column \"nonsense\" does not exist"):
            make_legacy(server.url, employees=1, prefix="broken_")
    finally:
        drop_legacy(server.url, prefix="broken_")
