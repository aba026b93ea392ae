"""Legacy sides that are not as they should be: each is refused, named, and nothing is written."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from refusals import (
    UNFINISHED,
    Ended,
    Run,
    assert_refused,
    assert_untouched,
)
from worlds import World, query, snapshot_of, value

# --- the legacy side --------------------------------------------------------------------------------------


@pytest.fixture
def altered(server: Any, untouched: World, legacy_template: Any) -> Iterator[Callable[[str, str], World]]:
    """Make a world of which one legacy database has been changed by a statement."""
    made = []

    def alter(name: str, statement: str) -> World:
        clone = f"{untouched.target.dbname}_{name}"
        url = server.create_database(clone, legacy_template.prefix + name)
        made.append(clone)
        query(url, statement)
        world = replace(untouched, urls={**untouched.urls, name: url})
        world.pristine = untouched.pristine  # type: ignore[attr-defined]
        return world

    yield alter
    for clone in made:
        server.drop_database(clone)


@pytest.mark.parametrize(
    ("database", "statement", "detail"),
    [
        pytest.param(
            "payrollx_auth",
            "CREATE TABLE sessions (id text)",
            "payrollx_auth.public.sessions: ",
            marks=pytest.mark.long,
        ),
        (
            "payrollx_org",
            'ALTER TABLE organizations ADD "taxId" text',
            "payrollx_org.public.organizations.taxId: the layout doesn't know this column (text?)",
        ),
        ("payrollx_notification", "DROP TABLE notifications", "payrollx_notification.public.notifications: "),
        pytest.param(
            "payrollx_auth",
            'ALTER TABLE users DROP "lastName"',
            "payrollx_auth.public.users.lastName: ",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "payrollx_payroll",
            "ALTER TABLE payroll_items ALTER amount TYPE numeric(20,2)",
            "payrollx_payroll.public.payroll_items.amount: is numeric(20,2), and the layout says numeric(65,30)",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "payrollx_wallet",
            'ALTER TABLE wallets ALTER "publicKey" DROP NOT NULL',
            "payrollx_wallet.public.wallets.publicKey: is text?, and the layout says text",
            marks=pytest.mark.long,
        ),
    ],
    ids=["unknown table", "unknown column", "missing table", "missing column", "type", "nullability"],
)
def test_a_legacy_database_that_is_not_as_the_layout_says(
    altered: Callable[[str, str], World], run: Run, database: str, statement: str, detail: str
) -> None:
    world = altered(database, statement)

    ended = run(world, "copy")
    planned = run(world, "plan", "--json")

    assert_refused(ended, 3, "layout legacy")
    assert ended.details.startswith(f"  {detail}")
    assert planned.code == 3
    unaccounted = json.loads(planned.out)["unaccounted"]
    assert f"{unaccounted[0]['place']}: {unaccounted[0]['message']}".startswith(detail)
    assert f"in {len(unaccounted)} place" in ended.problems[0]
    assert_untouched(world)


def test_an_unfinished_prisma_migration(altered: Callable[[str, str], World], run: Run) -> None:
    world = altered("payrollx_org", UNFINISHED.format(finished="NULL", rolled_back="NULL"))

    ended = run(world, "copy")

    assert_refused(ended, 3)
    assert "payrollx_org.public._prisma_migrations" in ended.details
    assert "20260101_halfway" in ended.details
    assert_untouched(world)


def test_a_prisma_migration_that_was_rolled_back_is_settled(altered: Callable[[str, str], World], run: Run) -> None:
    world = altered("payrollx_notification", UNFINISHED.format(finished="NULL", rolled_back="now()"))
    ended = run(world, "copy", "--service", "notification", "--json")
    query(world.target, "TRUNCATE notification.notifications")
    query(world.target, "TRUNCATE payrollx_meta.runs CASCADE")

    assert ended.code == 0, ended.err


def test_a_table_that_is_only_called_like_prisma_s_bookkeeping_holds_nothing_up(
    altered: Callable[[str, str], World], run: Run
) -> None:
    other = 'DROP TABLE _prisma_migrations; CREATE TABLE _prisma_migrations ("from" text, "to" text)'
    world = altered("payrollx_notification", other)

    ended = run(world, "check", "--service", "notification")

    assert ended.code == 0, ended.err


def test_rows_of_no_known_run(untouched: World, run: Run) -> None:
    query(
        untouched.target, "INSERT INTO auth.users (email, password, first_name, last_name) VALUES ('a', 'b', 'c', 'd')"
    )
    try:
        before = snapshot_of(untouched.target)

        ended = run(untouched, "copy")

        assert_refused(ended, 6, "rows of no known run")
        assert "  auth.users" in ended.details.splitlines()
        assert snapshot_of(untouched.target) == before
    finally:
        query(untouched.target, "TRUNCATE auth.users CASCADE")
    assert_untouched(untouched)


# --- data that could not be carried over -------------------------------------------------------------------


def findings_of(text: str) -> set[tuple[str, str, int]]:
    """Read code, place and count of each finding from the indented lines."""
    lines = re.findall(r"^  ([a-z-]+) (\S+): ([\d,]+) rows?, ", text, flags=re.MULTILINE)
    return {(code, place, int(count.replace(",", ""))) for code, place, count in lines}


def test_hostile_data_is_refused_finding_by_finding(hostile_world: World, hostile_to_read: Any) -> None:
    """Plain copy names every planted trouble with table, column and count, nothing else, and writes nothing."""
    before = snapshot_of(hostile_world.target)
    planted = {(t.code, t.place, t.count) for t in hostile_to_read.summary.troubles}

    done = hostile_world.command("copy", "--from", "legacy", "--json")

    ended = Ended(done.returncode, done.stdout, done.stderr)
    assert_refused(ended, 3, f"{len(planted)} findings")
    assert findings_of(ended.details) == planted
    assert len([line for line in ended.details.splitlines() if not line.startswith("  hint: ")]) == len(planted)
    assert snapshot_of(hostile_world.target) == before
    assert value(hostile_world.target, "SELECT to_regclass('payrollx_meta.runs')") is None


def test_what_a_server_says_about_data_shows_no_row(altered: Callable[[str, str], World], run: Run) -> None:
    """The server's DETAIL has whole rows; they are personal data, and belong neither on a screen nor in the records."""
    world = altered("payrollx_auth", "UPDATE users SET \"firstName\" = 'Hush-hush'")
    query(world.target, "ALTER TABLE auth.users ADD CONSTRAINT never CHECK (first_name <> 'Hush-hush')")
    try:
        before = snapshot_of(world.target)

        ended = run(world, "copy", "--service", "auth", "--check-rows", "never")

        assert ended.code == 3
        assert "the CHECK never of auth.users" in ended.err
        assert "Hush" not in ended.out + ended.err
        assert "Hush" not in str(query(world.target, "SELECT * FROM payrollx_meta.runs"))
        assert snapshot_of(world.target) == before
    finally:
        query(world.target, "ALTER TABLE auth.users DROP CONSTRAINT never")
        query(world.target, "TRUNCATE payrollx_meta.runs CASCADE")


def test_a_row_that_no_key_misses_is_missed_by_the_account(untouched: World, run: Run) -> None:
    """Law 1 alone: nothing refers to notifications, so nothing but arithmetic can tell that some went astray."""
    query(
        untouched.target,
        "CREATE FUNCTION public.lose() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN CASE WHEN NEW.id::text < '8' THEN NEW END; END $$",
    )
    query(
        untouched.target,
        "CREATE TRIGGER lose BEFORE INSERT ON notification.notifications FOR EACH ROW EXECUTE FUNCTION public.lose()",
    )
    try:
        assert run(untouched, "copy", "--service", "notification").code == 3  # as the check finds the trigger

        ended = run(untouched, "copy", "--service", "notification", "--policy", "trigger=fire")

        assert_refused(ended, 3, "the rows don't add up in 1 of the table pairs")
        rows = value(untouched.urls["payrollx_notification"], "SELECT count(*) FROM notifications")
        assert f"payrollx_notification.public.notifications -> notification.notifications: {rows} read" in ended.details
        assert snapshot_of(untouched.target) == untouched.pristine  # type: ignore[attr-defined]
    finally:
        query(untouched.target, "DROP FUNCTION public.lose CASCADE")
        query(untouched.target, "TRUNCATE payrollx_meta.runs CASCADE")


# --- what goes where ---------------------------------------------------------------------------------------


def test_only_the_answer_is_on_stdout(reading_world: World) -> None:
    copied = reading_world.command("copy", "--service", "notification", "--json")
    verified = reading_world.command("verify", "--service", "notification", "--json")
    known = reading_world.command("status", "--json")

    report = json.loads(copied.stdout)  # one document: anything else would not parse
    assert (report["status"], copied.returncode) == ("done", 0)
    assert [t["target"] for t in report["tables"]] == ["notification.notifications"]
    assert {"run", "status", "seconds", "tables"} <= set(report)
    fields = {"source", "target", "read", "written", "quarantined", "merged", "bytes", "seconds"}
    assert fields <= set(report["tables"][0])
    assert report["tables"][0]["source"] == "payrollx_notification.public.notifications"
    assert "notification.notifications" in copied.stderr
    assert json.loads(verified.stdout)["identical"] is True
    assert "verify" in verified.stderr
    assert json.loads(known.stdout)["runs"][0]["status"] == "done"
    assert known.stderr == ""
    for done in (copied, verified, known):
        assert "\x1b" not in done.stdout + done.stderr


def test_a_reader_that_goes_away_is_no_traceback(untouched: World) -> None:
    script = '"$1" -m payrollx_db plan --sql | true'
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable],
        env=untouched.env, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip

    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
