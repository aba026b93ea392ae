"""Policies on databases with every trouble: the sums hold, the causes are named, and verify proves what stays out."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import LegacyDatabases, TestServer, unique
from worlds import World, query, snapshot_of, value

from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.model.policy import Policies, Policy

ALL = {
    "unconvertible": "quarantine",
    "duplicate": "quarantine",
    "case-collision": "quarantine",
    "orphan": "quarantine",
    "lossy": "round",
    "drift": "owner",
    "stranded": "owner",
}


def given(**changes: str) -> tuple[str, ...]:
    """Return --policy options that resolve everything, with some changed."""
    chosen = ALL | {code.replace("_", "-"): action for code, action in changes.items()}
    return tuple(word for code, action in chosen.items() for word in ("--policy", f"{code}={action}"))


@pytest.fixture(scope="module")
def resolved(server: TestServer, hostile_to_read: LegacyDatabases, migrated_template: str) -> Iterator[World]:
    """A finished copy of databases with every trouble, for tests that only look at it."""
    name = unique("resolved")
    world = World(hostile_to_read.urls, server.create_database(name, migrated_template))
    assert_went_through(world, world.answer("copy", *given()))
    yield world
    server.drop_database(name)


@pytest.fixture
def damaged(server: TestServer, resolved: World) -> Iterator[World]:
    """The same copy, for a test that changes the target."""
    name = unique("damaged")
    yield replace(resolved, target=server.create_database(name, resolved.target.dbname))
    server.drop_database(name)


def balanced(document: Any) -> None:
    for table in document["tables"]:
        assert table["read"] == table["written"] + table["quarantined"] + table["merged"], table


@pytest.mark.parametrize(
    "changes",
    [
        {"drift": "newest", "stranded": "adopt"},
        {"drift": "newest"},
        {"stranded": "adopt"},
    ],
)
@pytest.mark.long
def test_hostile_databases_go_through(hostile_world: World, changes: dict[str, str]) -> None:
    assert_went_through(hostile_world, hostile_world.answer("copy", *given(**changes)))


def assert_went_through(world: World, document: Any) -> None:
    """See that a copy is done, and proven, and that its sums hold."""
    assert document["status"] == "done"
    balanced(document)
    for table in document["tables"]:
        if (
            table["target"].startswith(("auth", "payroll.payroll_items", "transaction", "wallet"))
            and table["merged"] == 0
        ):
            assert value(world.target, f"SELECT count(*) FROM {table['target']}") >= table["written"]
    verdict = world.answer("verify")
    assert verdict["identical"]
    assert sum(table["quarantined"] for table in verdict["tables"]) > 10


@pytest.mark.parametrize(
    "code",
    [pytest.param(code, marks=() if code == "stranded" else pytest.mark.long) for code in sorted(ALL)],
)
def test_each_code_blocks_without_its_policy(hostile_world: World, code: str) -> None:
    before = snapshot_of(hostile_world.target)

    done = hostile_world.command("copy", *given(**{code.replace("-", "_"): "fail"}))

    assert done.returncode == 3
    found = {
        line.split()[0] for line in done.stderr.splitlines() if line.startswith("  ") and "payrollx_" in line.split()[1]
    }
    assert found == {code}
    assert snapshot_of(hostile_world.target) == before


def test_whole_legacy_rows_lie_in_quarantine(resolved: World) -> None:
    kept = query(resolved.target, "SELECT source, key, row FROM payrollx_meta.quarantine WHERE kind = 'row'")

    assert kept
    for source, key, row in kept:
        database, _, table = source.split(".")
        there = query(resolved.urls[database], f'SELECT to_jsonb(t) FROM "{table}" AS t WHERE id = %s', (key,))
        assert [(row,)] == there


def test_an_old_value_is_kept_when_it_is_rounded(resolved: World) -> None:
    changed = query(
        resolved.target,
        "SELECT q.key, q.column_name, (q.row ->> 'amount')::numeric, i.amount FROM payrollx_meta.quarantine AS q"
        " JOIN payroll.payroll_items AS i ON i.id = q.key::uuid"
        " WHERE q.kind = 'value' AND q.code = 'lossy' AND q.source LIKE '%payroll_items'",
    )

    assert changed
    for _, column, before, after in changed:
        assert column == "amount"
        assert before != after
        assert abs(before - after) < 1e-18


def test_what_falls_names_the_row_that_it_fell_with(world: World) -> None:
    """A user that can't be converted takes employee, items and transactions along, each with its cause."""
    auth = world.urls["payrollx_auth"]
    (user,) = query(world.urls["payrollx_employee"], 'SELECT "userId" FROM employees ORDER BY id LIMIT 1')[0]
    query(auth, "UPDATE users SET \"organizationId\" = 'nobody' WHERE id = %s", (user,))
    employee = value(world.urls["payrollx_employee"], 'SELECT id FROM employees WHERE "userId" = %s', (user,))

    document = world.answer("copy", "--policy", "unconvertible=quarantine")

    balanced(document)
    rows = query(world.target, "SELECT source, key, code, cause FROM payrollx_meta.quarantine WHERE kind = 'row'")
    causes: dict[str, set[str]] = {}
    for source, _, _, cause in rows:
        causes.setdefault(source, set()).add(cause)
    assert causes["payrollx_auth.public.users"] == {""}
    assert causes["payrollx_auth.public.refresh_tokens"] == {f"payrollx_auth.public.users {user}"}
    assert causes["payrollx_employee.public.employees"] == {f"payrollx_auth.public.users {user}"}
    for child in ("payrollx_payroll.public.payroll_items", "payrollx_transaction.public.transactions"):
        assert causes[child] == {f"payrollx_employee.public.employees {employee}"}
    # the copies of that employee have nothing left to be merged with
    for database in ("payrollx_org", "payrollx_wallet", "payrollx_payroll", "payrollx_transaction"):
        assert causes.get(f"{database}.public.employees", {""}) <= {
            f"payrollx_employee.public.employees {employee}",
            "",
        }
    assert world.answer("verify")["identical"]


@pytest.mark.long
def test_the_newest_of_two_stays(world: World) -> None:
    employee = world.urls["payrollx_employee"]
    first, second = (row[0] for row in query(employee, "SELECT id FROM employees ORDER BY id LIMIT 2"))
    query(
        employee,
        'UPDATE employees SET "userId" = (SELECT "userId" FROM employees WHERE id = %s), "updatedAt" = \'2199-01-01\''
        " WHERE id = %s",
        (first, second),
    )
    for database in ("payrollx_org", "payrollx_wallet", "payrollx_payroll", "payrollx_transaction"):
        query(world.urls[database], "DELETE FROM employees WHERE false")

    world.answer("copy", *given(), "--policy", "duplicate:employees.userId=quarantine")

    kept = {str(row[0]) for row in query(world.target, "SELECT id FROM employee.employees")}
    assert second in kept
    assert first not in kept


@pytest.mark.long
def test_an_orphan_can_be_made_null_where_the_column_allows_it(world: World) -> None:
    """auth.audit_logs.user_id may be NULL in the target; the old value is kept."""
    auth = world.urls["payrollx_auth"]
    query(auth, 'ALTER TABLE audit_logs DROP CONSTRAINT "audit_logs_userId_fkey"')
    log = value(auth, 'UPDATE audit_logs SET "userId" = gen_random_uuid()::text'
                      " WHERE id = (SELECT min(id) FROM audit_logs)"
                      " RETURNING id")  # fmt: skip

    document = world.answer("copy", "--policy", "orphan:audit_logs.userId=null")

    balanced(document)
    assert all(table["quarantined"] == 0 for table in document["tables"])
    assert value(world.target, "SELECT user_id FROM auth.audit_logs WHERE id = %s::uuid", (log,)) is None
    assert value(world.target, "SELECT row ->> 'userId' FROM payrollx_meta.quarantine WHERE kind = 'value'")
    assert world.answer("verify")["identical"]


@pytest.mark.long
def test_null_is_no_way_out_where_the_column_takes_none(hostile_world: World) -> None:
    done = hostile_world.command("copy", *given(orphan="null"))

    assert done.returncode == 3
    assert "takes no NULL" in done.stderr


def test_a_row_goes_in_when_its_cause_is_gone(world: World) -> None:
    wallet = world.urls["payrollx_wallet"]
    (bad,) = query(wallet, "SELECT id FROM wallets ORDER BY id LIMIT 1")[0]
    creator = value(wallet, 'SELECT "createdBy" FROM wallets WHERE id = %s', (bad,))
    query(wallet, "UPDATE wallets SET \"createdBy\" = 'somebody' WHERE id = %s", (bad,))
    world.answer("copy", "--policy", "unconvertible=quarantine")
    assert world.command("quarantine", "retry").returncode == 3

    query(wallet, 'UPDATE wallets SET "createdBy" = %s WHERE id = %s', (creator, bad))
    done = world.command("quarantine", "retry", "--json")

    assert done.returncode == 0, done.stderr
    assert value(world.target, "SELECT count(*) FROM wallet.wallets WHERE id = %s::uuid", (bad,)) == 1
    table = next(t for t in world.answer("status")["tables"] if t["target"] == "wallet.wallets" and t["merged"] == 0)
    assert (table["read"], table["quarantined"]) == (table["written"], 0)
    assert world.answer("verify")["identical"]


def test_quarantine_is_listed_shown_and_exported(resolved: World) -> None:
    entries = resolved.answer("quarantine", "list")
    entry = next(e for e in entries if e["code"] == "unconvertible")

    shown = resolved.command("quarantine", "show", entry["source"], entry["key"])
    exported = resolved.command("quarantine", "export")

    assert f'"id": "{entry["key"]}"' in shown.stdout
    assert len(exported.stdout.splitlines()) == len(entries)
    assert "row" not in entry
    assert resolved.command("quarantine", "show", entry["source"], "no such key").returncode == 2


def test_damage_to_the_quarantine_is_noticed(damaged: World) -> None:
    query(
        damaged.target,
        'UPDATE payrollx_meta.quarantine SET row = row || \'{"action": "forged"}\''
        " WHERE source LIKE 'payrollx_compliance%audit_logs'",
    )

    verdict = damaged.answer("verify")

    (table,) = [table for table in verdict["tables"] if not table["identical"]]
    assert table["target"] == "compliance.audit_logs"
    shown = damaged.command("verify").stdout
    assert "in quarantine and not what the source has" in shown
    assert "in quarantine, unchanged" not in shown


def test_a_narrow_policy_wins_and_the_later_of_two_alike(tmp_path: Path) -> None:
    file = tmp_path / "policies.toml"
    file.write_text('[policies]\norphan = "quarantine"\n"orphan:wallets.employeeId" = "fail"\nlossy = "round"\n')

    policies = Policies.read(["lossy=fail"], file)

    assert policies.action("orphan", "payrollx_employee.public.employees.userId") == "quarantine"
    assert policies.action("orphan", "payrollx_wallet.public.wallets.employeeId") == "fail"
    assert policies.action("lossy", "payrollx_payroll.public.payroll_items.amount") == "fail"
    assert policies.action("drift", "anything") == "fail"


@pytest.mark.parametrize("text", ["orphan", "orphan=", "orphan=round", "nonsense=fail", "lossy=null", "=fail"])
def test_a_policy_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Policy.parse(text)


def test_so_many_exceptions_are_no_exceptions(hostile_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrollx_db.consolidate.check.checks.MOST", 3)
    task = hostile_world.task()
    policies = Policies.read(f"{code}={action}" for code, action in ALL.items())
    with pytest.raises(FindingsError, match="can name 3"):
        hostile_world.copy_with(task, policies)
