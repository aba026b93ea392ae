"""``payrollx-db check``: all that the copy could not carry over, before a byte moves, for people and programs."""

from typing import Any

import pytest
from worlds import World, query, snapshot_of, value

from payrollx_db.cli import SECTIONS
from payrollx_db.model.finding import ROW_CODES

KEYS = {"code", "severity", "place", "count", "message", "examples", "policies", "action"}
EVERYTHING = (
    "unconvertible=quarantine",
    "case-collision=quarantine",
    "duplicate=quarantine",
    "orphan=quarantine",
    "lossy=round",
    "drift=owner",
    "stranded=owner",
)
NOTIFICATIONS = ("loose-orphan", "payrollx_notification.public.notifications.userId")
USERS = ("loose-orphan", "payrollx_auth.public.users.organizationId")
# Nothing ever enforced these, so that even well-behaved databases have a row each.
LOOSE = {
    NOTIFICATIONS: 1,
    USERS: 1,
    ("loose-orphan", "payrollx_compliance.public.audit_logs.userId"): 1,
    ("loose-orphan", "payrollx_transaction.public.transactions.payrollRunId"): 1,
}


def counts(answer: dict[str, Any], *severities: str) -> dict[tuple[str, str], int]:
    """The findings about rows, by code and place."""
    listed = [f for f in answer["findings"] if f["severity"] in severities and f["code"] in ROW_CODES]
    return {(f["code"], f["place"]): f["count"] for f in listed}


def test_it_stands_between_plan_and_copy() -> None:
    names = list(SECTIONS["Consolidation"])

    assert names.index("plan") + 1 == names.index("check") == names.index("copy") - 1


def test_every_trouble_is_found_with_its_count(hostile_world: World, hostile_to_read: Any) -> None:
    answer = hostile_world.answer("check", "--from", "legacy")

    planted = {(t.code, t.place): t.count for t in hostile_to_read.summary.troubles if t.code != "missing"}
    found = counts(answer, "block")
    assert {place: found.get(place) for place in planted} == planted
    assert set(found) == set(planted)
    assert answer["blocking"] == len(planted)
    assert all(set(finding) == KEYS for finding in answer["findings"])
    assert all(len(finding["examples"]) <= 10 for finding in answer["findings"])
    assert all(finding["policies"] for finding in answer["findings"] if finding["severity"] == "block")


def test_loose_references_are_followed_across_databases(world: World) -> None:
    query(world.urls["payrollx_notification"], """UPDATE notifications SET "userId" = gen_random_uuid()::text""")
    auth = world.urls["payrollx_auth"]
    notifications = value(world.urls["payrollx_notification"], "SELECT count(*) FROM notifications")
    answer = world.answer("check")

    assert counts(answer, "warn") == LOOSE | {NOTIFICATIONS: notifications}
    examples = {(f["code"], f["place"]): f["examples"] for f in answer["findings"]}
    (lost,) = examples[USERS]
    assert len(examples[NOTIFICATIONS]) == 10
    assert value(auth, """SELECT count(*) FROM users WHERE "organizationId" = %s""", (lost,)) == 1
    assert answer["blocking"] == 0


@pytest.mark.long
def test_a_label_that_the_target_lacks_has_a_code_of_its_own(world: World) -> None:
    compliance = world.urls["payrollx_compliance"]
    query(compliance, """ALTER TYPE "ReportStatus" ADD VALUE 'SHREDDED'""")
    query(compliance, "UPDATE compliance_reports SET status = 'SHREDDED' WHERE format = 'CSV'")
    shredded = value(compliance, "SELECT count(*) FROM compliance_reports WHERE format = 'CSV'")
    place = "payrollx_compliance.public.compliance_reports.status"

    service, policy = ("--service", "compliance"), ("--policy", "enum-unknown=quarantine")
    blocked, resolved = world.answer("check", *service), world.answer("check", *service, *policy)

    assert counts(blocked, "block") == {("enum-unknown", place): shredded}
    assert shredded > 0
    (found,) = (f for f in resolved["findings"] if f["code"] == "enum-unknown")
    assert (found["action"], resolved["blocking"]) == ("quarantine", 0)
    report = world.answer("copy", *service, *policy)
    (table,) = (t for t in report["tables"] if t["target"] == "compliance.compliance_reports")
    assert table["quarantined"] == shredded
    assert table["read"] == table["written"] + shredded
    assert world.answer("verify", *service)["identical"]


@pytest.mark.long
def test_rows_that_stay_out_leave_loose_orphans(world: World) -> None:
    org, auth = world.urls["payrollx_org"], world.urls["payrollx_auth"]
    query(org, "DROP INDEX organizations_name_key")
    query(org, "UPDATE organizations SET name = 'the same'")

    blocked, resolved = world.answer("check"), world.answer("check", "--policy", "duplicate=quarantine")

    assert counts(blocked, "warn") == LOOSE
    (out,) = (f["examples"] for f in resolved["findings"] if f["code"] == "duplicate")
    members = value(auth, 'SELECT count(*) FROM users WHERE "organizationId" = ANY (%s)', (out,))
    assert counts(resolved, "warn")[USERS] == members + 1
    assert members > 1


def test_exit_codes(hostile_world: World) -> None:
    """3 where something blocks, and 0 where policies resolve it all."""
    policies = [word for policy in EVERYTHING for word in ("--policy", policy)]

    blocked, resolved = hostile_world.command("check"), hostile_world.command("check", *policies)

    assert (blocked.returncode, resolved.returncode) == (3, 0), resolved.stderr
    assert blocked.stdout.rstrip().splitlines()[-1].endswith("rows in all.")
    assert "hint: --policy orphan=quarantine\n" in blocked.stdout  # none of these columns takes NULL
    assert resolved.stdout.rstrip().endswith("nothing blocks the copy.")
    assert "policy: quarantine" in resolved.stdout


@pytest.mark.long
def test_the_copy_ends_as_the_check_does(hostile_world: World) -> None:
    policies = [word for policy in EVERYTHING for word in ("--policy", policy)]

    assert hostile_world.command("copy").returncode == 3
    assert hostile_world.command("copy", *policies).returncode == 0


def test_nothing_is_changed(hostile_world: World) -> None:
    urls = [*hostile_world.urls.values(), hostile_world.target]
    before = [snapshot_of(url) for url in urls]

    hostile_world.command("check")

    assert [snapshot_of(url) for url in urls] == before
    assert value(hostile_world.target, "SELECT to_regclass('payrollx_meta.runs')") is None


def test_a_source_that_may_not_be_read_is_said_instead_of_read(reading_world: World) -> None:
    name = f"check_{reading_world.target.dbname}"
    query(reading_world.target, f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    try:
        auth = reading_world.urls["payrollx_auth"]
        params = {**auth.params, "user": name, "password": "secret"}
        env = {"LEGACY_AUTH_DATABASE_URL": type(auth)(params).plain}
        done = reading_world.command("check", env=env)
    finally:
        query(reading_world.target, f"DROP ROLE {name}")

    assert done.returncode == 3
    assert "the rows were not checked" in done.stderr
    assert "payrollx_auth.public.users" in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("4 findings block the copy.")


def test_a_clean_check(reading_world: World) -> None:
    done = reading_world.command("check")

    assert done.returncode == 0
    assert done.stdout.rstrip().endswith("nothing blocks the copy.")


def test_a_service_that_a_variable_places_elsewhere_is_said_to_be(reading_world: World) -> None:
    away = reading_world.urls["payrollx_auth"].plain

    told, silent = (
        reading_world.command("plan", "--service", name, env={"AUTH_DATABASE_URL": away}) for name in ("auth", "wallet")
    )

    assert "a variable places auth in another database" in told.stderr
    assert (told.returncode, silent.returncode) == (0, 0), told.stderr
    assert "places" not in silent.stderr
