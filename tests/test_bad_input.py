"""Bad input, through the command line: one clear line, the right exit code, no secret, and an unchanged target."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from unified import World, query, snapshot_of, value

from payrollx_db.cli import main
from payrollx_db.urls import DatabaseUrl

WRONG = "s3cr3t/of:th@t w%rld"
UNFINISHED = (
    "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, applied_steps_count, finished_at,"
    " rolled_back_at) VALUES ('x', 'x', '20260101_halfway', now(), 0, {finished}, {rolled_back})"
)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        """The lines that say what went wrong; details and the next step are indented below them."""
        return [line for line in self.err.splitlines() if line.startswith("payrollx-db: ")]

    @property
    def details(self) -> str:
        """What stands indented below the problem."""
        lines = self.err.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("payrollx-db: "))
        assert all(line.startswith("  ") for line in lines[start + 1 :]), self.err
        return "\n".join(lines[start + 1 :])


Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def bad(server: Any, legacy_to_read: Any, migrated_template: str) -> Iterator[World]:
    """An empty target that every test here has to leave as it was."""
    name = f"{migrated_template}_bad"
    world = World(legacy_to_read.urls, server.create_database(name, migrated_template))
    world.pristine = snapshot_of(world.target)  # type: ignore[attr-defined]
    yield world
    server.drop_database(name)


@pytest.fixture
def run(bad: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, which is quicker; ``None`` unsets a variable."""
    monkeypatch.chdir(tmp_path)

    def run(world: World, *arguments: str, **env: str | None) -> Ended:
        for name, text in (world.env | env).items():
            monkeypatch.delenv(name, raising=False) if text is None else monkeypatch.setenv(name, text)
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, out, err)

    return run


def assert_untouched(world: World) -> None:
    assert snapshot_of(world.target) == world.pristine  # type: ignore[attr-defined]
    if value(world.target, "SELECT to_regclass('payrollx_meta.runs')"):
        assert value(world.target, "SELECT count(*) FROM payrollx_meta.runs") == 0


def assert_refused(ended: Ended, code: int, *words: str) -> None:
    """One problem that has these words, the exit code, nothing on stdout, no traceback and no secret."""
    assert (ended.code, ended.out) == (code, ""), ended.err
    assert len(ended.problems) == 1, ended.err
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.problems[0], ended.err
    assert_secret(ended.out + ended.err)


def assert_secret(text: str) -> None:
    for secret in (WRONG, quote(WRONG, safe=""), "s3cr3t", "w%rld"):
        assert secret not in text


def changed(url: DatabaseUrl, **params: str) -> str:
    return replace(url, params={**url.params, **params}).plain


def needs_passwords(world: World) -> None:
    if "password" not in world.target.params:
        pytest.skip("this server asks for no password")


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["plan", "copy", "verify", "status", "migrate"])
def test_no_database_url(bad: World, run: Run, command: str) -> None:
    ended = run(bad, command, DATABASE_URL=None)

    assert_refused(ended, 2, "DATABASE_URL is not set")
    assert "next: " in ended.details
    assert_untouched(bad)


def test_a_database_url_that_is_none(bad: World, run: Run) -> None:
    for url in (f"mysql://me:{quote(WRONG, safe='')}@host/db", f"postgresql://me:{WRONG}@host:x/db", WRONG):
        assert_refused(run(bad, "copy", DATABASE_URL=url), 2, "DATABASE_URL")
    assert_untouched(bad)


def test_no_word_about_where_the_legacy_databases_are(bad: World, run: Run) -> None:
    ended = run(bad, "copy", LEGACY_AUTH_DATABASE_URL=None, LEGACY_WALLET_DATABASE_URL=None)

    assert_refused(ended, 2, "2 of the 8 legacy databases")
    for name in ("LEGACY_AUTH_DATABASE_URL", "LEGACY_WALLET_DATABASE_URL", "LEGACY_DATABASE_URL"):
        assert name in ended.details
    assert "LEGACY_ORG" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("copy", "--service", "authn"), "authn"),
        (("copy", "--from", "prisma"), "prisma"),
        (("plan", "--from", "nowhere"), "nowhere"),
    ],
)
def test_names_that_there_are_not(bad: World, run: Run, arguments: tuple[str, ...], words: str) -> None:
    assert_refused(run(bad, *arguments), 2, words)


@pytest.mark.parametrize("arguments", [("copy", "--jobs", "0"), ("verify", "--limit", "-1"), ("copy", "--fast")])
def test_options_that_click_refuses(bad: World, run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(bad, *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    assert_untouched(bad)


def test_a_layout_that_cannot_be_imported(bad: World, run: Run) -> None:
    assert_refused(run(bad, "plan", "--from", "no_such_module:LAYOUT"), 1, "no_such_module")
    assert_refused(run(bad, "plan", "--from", "payrollx_db.legacy:NOTHING"), 1, "NOTHING")
    assert_refused(run(bad, "plan", "--from", "payrollx_db.unified:CATALOG"), 1, "Catalog")


# --- servers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["plan", "copy", "verify"])
def test_a_source_that_cannot_be_reached(bad: World, run: Run, command: str) -> None:
    away = f"postgresql://me:{quote(WRONG, safe='')}@127.0.0.1:1/payrollx_wallet"

    ended = run(bad, command, LEGACY_WALLET_DATABASE_URL=away)

    assert_refused(ended, 4, "payrollx_wallet", "127.0.0.1:1", "***")
    assert "next: check that the server is running" in ended.details
    assert_untouched(bad)


def test_a_wrong_password_of_a_source(bad: World, run: Run) -> None:
    needs_passwords(bad)
    url = changed(bad.urls["payrollx_org"], password=WRONG)

    ended = run(bad, "copy", "--json", LEGACY_ORG_DATABASE_URL=url)

    assert_refused(ended, 4, "payrollx_org", "password authentication failed", ":***@")
    assert "check the user name and the password" in ended.details
    assert_untouched(bad)


def test_a_missing_legacy_database(bad: World, run: Run) -> None:
    url = bad.urls["payrollx_payroll"].with_database("payrollx_nowhere").plain

    ended = run(bad, "copy", LEGACY_PAYROLL_DATABASE_URL=url)

    assert_refused(ended, 4, "payrollx_payroll", "payrollx_nowhere", "does not exist")
    assert "create the database" in ended.details
    assert_untouched(bad)


@pytest.mark.parametrize("command", ["plan", "copy", "verify", "status"])
def test_a_target_that_cannot_be_reached(bad: World, run: Run, command: str) -> None:
    url = f"postgresql://me:{quote(WRONG, safe='')}@127.0.0.1:1/unified"

    assert_refused(run(bad, command, DATABASE_URL=url), 5, "unified", "127.0.0.1:1", "***")


def test_a_wrong_password_of_the_target(bad: World, run: Run) -> None:
    needs_passwords(bad)

    ended = run(bad, "copy", DATABASE_URL=changed(bad.target, password=WRONG))

    assert_refused(ended, 5, "password authentication failed", ":***@")


def test_a_target_that_is_not_there(bad: World, run: Run) -> None:
    ended = run(bad, "copy", DATABASE_URL=bad.target.with_database("payrollx_nowhere").plain)

    assert_refused(ended, 5, "payrollx_nowhere")


def test_a_target_that_is_not_migrated(bad: World, database: DatabaseUrl, run: Run) -> None:
    ended = run(bad, "copy", DATABASE_URL=database.plain)

    assert_refused(ended, 5, "isn't migrated", "18 tables")
    assert "auth.users" in ended.details
    assert "payrollx-db migrate" in ended.details
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname = 'payrollx_meta'") == 0


@pytest.mark.parametrize("options", [["--debug", "copy"], ["copy", "--json"], ["--debug", "verify", "--json"]])
def test_no_secret_leaves_a_real_process(bad: World, options: list[str]) -> None:
    """Also not in the traceback that --debug shows, with all the exceptions behind the last one."""
    needs_passwords(bad)
    done = bad.command(*options, env={"LEGACY_ORG_DATABASE_URL": changed(bad.urls["payrollx_org"], password=WRONG)})

    assert done.stdout == ""
    assert ("Traceback" in done.stderr) == ("--debug" in options)
    assert done.returncode == 4
    assert "***" in done.stderr
    assert_secret(done.stderr)
    for url in (bad.target, *bad.urls.values()):
        assert f":{url.params['password']}@" not in done.stderr
        assert url.params["password"] not in done.stderr or url.params["password"] in ("postgres", "payrollx")


@pytest.mark.parametrize("command", ["plan", "copy", "verify"])
def test_source_and_target_are_the_same_database(bad: World, run: Run, command: str) -> None:
    before = snapshot_of(bad.urls["payrollx_auth"])

    # by another name for the same server, so that no comparison of URLs could know
    ended = run(bad, command, DATABASE_URL=changed(bad.urls["payrollx_auth"], host="localhost"))

    assert_refused(ended, 2, "payrollx_auth and the target are the same database")
    assert snapshot_of(bad.urls["payrollx_auth"]) == before


def test_two_sources_are_the_same_database(bad: World, run: Run) -> None:
    ended = run(bad, "copy", LEGACY_WALLET_DATABASE_URL=bad.urls["payrollx_auth"].plain)

    assert_refused(ended, 2, "payrollx_auth", "payrollx_wallet", "same database")
    assert_untouched(bad)


# --- the legacy side --------------------------------------------------------------------------------------


@pytest.fixture
def altered(server: Any, bad: World, legacy_template: Any) -> Iterator[Callable[[str, str], World]]:
    """Make a world of which one legacy database has been changed by a statement."""
    made = []

    def alter(name: str, statement: str) -> World:
        clone = f"{bad.target.dbname}_{name}"
        url = server.create_database(clone, legacy_template.prefix + name)
        made.append(clone)
        query(url, statement)
        world = replace(bad, urls={**bad.urls, name: url})
        world.pristine = bad.pristine  # type: ignore[attr-defined]
        return world

    yield alter
    for clone in made:
        server.drop_database(clone)


@pytest.mark.parametrize(
    ("database", "statement", "detail"),
    [
        ("payrollx_auth", "CREATE TABLE sessions (id text)", "payrollx_auth.public.sessions: "),
        (
            "payrollx_org",
            'ALTER TABLE organizations ADD "taxId" text',
            "payrollx_org.public.organizations.taxId: the layout doesn't know this column (text?)",
        ),
        ("payrollx_notification", "DROP TABLE notifications", "payrollx_notification.public.notifications: "),
        ("payrollx_auth", 'ALTER TABLE users DROP "lastName"', "payrollx_auth.public.users.lastName: "),
        (
            "payrollx_payroll",
            "ALTER TABLE payroll_items ALTER amount TYPE numeric(20,2)",
            "payrollx_payroll.public.payroll_items.amount: is numeric(20,2), and the layout says numeric(65,30)",
        ),
        (
            "payrollx_wallet",
            'ALTER TABLE wallets ALTER "publicKey" DROP NOT NULL',
            "payrollx_wallet.public.wallets.publicKey: is text?, and the layout says text",
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


def test_rows_of_no_known_run(bad: World, run: Run) -> None:
    query(bad.target, "INSERT INTO auth.users (email, password, first_name, last_name) VALUES ('a', 'b', 'c', 'd')")
    try:
        before = snapshot_of(bad.target)

        ended = run(bad, "copy")

        assert_refused(ended, 6, "rows of no known run")
        assert "  auth.users" in ended.details.splitlines()
        assert snapshot_of(bad.target) == before
    finally:
        query(bad.target, "TRUNCATE auth.users CASCADE")
    assert_untouched(bad)


# --- data that could not be carried over -------------------------------------------------------------------


def findings_of(text: str) -> set[tuple[str, str, int]]:
    """Read code, place and count of each finding from the indented lines."""
    lines = re.findall(r"^  ([a-z-]+) (\S+): ([\d,]+) rows?, ", text, flags=re.MULTILINE)
    return {(code, place, int(count.replace(",", ""))) for code, place, count in lines}


def test_hostile_data_is_refused_finding_by_finding(hostile_world: World, hostile_legacy: Any) -> None:
    """Plain copy names every planted trouble with table, column and count, nothing else, and writes nothing."""
    before = snapshot_of(hostile_world.target)
    planted = {(t.code, t.place, t.count) for t in hostile_legacy.summary.troubles}

    done = hostile_world.command("copy", "--from", "legacy", "--json")

    ended = Ended(done.returncode, done.stdout, done.stderr)
    assert_refused(ended, 3, f"{len(planted)} findings")
    assert findings_of(ended.details) == planted
    assert len([line for line in ended.details.splitlines() if not line.startswith("  next: ")]) == len(planted)
    assert snapshot_of(hostile_world.target) == before
    assert value(hostile_world.target, "SELECT to_regclass('payrollx_meta.runs')") is None


def test_what_a_server_says_about_data_shows_no_row(altered: Callable[[str, str], World], run: Run) -> None:
    """The server's DETAIL has whole rows; they are personal data, and belong neither on a screen nor in the records."""
    world = altered("payrollx_auth", "UPDATE users SET \"firstName\" = 'Hush-hush'")
    query(world.target, "ALTER TABLE auth.users ADD CONSTRAINT never CHECK (first_name <> 'Hush-hush')")
    try:
        before = snapshot_of(world.target)

        ended = run(world, "copy", "--service", "auth")

        assert ended.code == 3
        assert "never" in ended.problems[0]
        assert "Hush" not in ended.out + ended.err
        assert "Hush" not in str(query(world.target, "SELECT * FROM payrollx_meta.runs"))
        assert snapshot_of(world.target) == before
    finally:
        query(world.target, "ALTER TABLE auth.users DROP CONSTRAINT never")
        query(world.target, "TRUNCATE payrollx_meta.runs CASCADE")


def test_a_row_that_no_key_misses_is_missed_by_the_account(bad: World, run: Run) -> None:
    """Law 1 alone: nothing refers to notifications, so nothing but arithmetic can tell that some went astray."""
    query(
        bad.target,
        "CREATE FUNCTION public.lose() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN CASE WHEN NEW.id::text < '8' THEN NEW END; END $$",
    )
    query(
        bad.target,
        "CREATE TRIGGER lose BEFORE INSERT ON notification.notifications FOR EACH ROW EXECUTE FUNCTION public.lose()",
    )
    try:
        ended = run(bad, "copy", "--service", "notification")

        assert_refused(ended, 3, "the rows don't add up in 1 of the tables")
        rows = value(bad.urls["payrollx_notification"], "SELECT count(*) FROM notifications")
        assert f"payrollx_notification.public.notifications -> notification.notifications: {rows} read" in ended.details
        assert snapshot_of(bad.target) == bad.pristine  # type: ignore[attr-defined]
    finally:
        query(bad.target, "DROP FUNCTION public.lose CASCADE")
        query(bad.target, "TRUNCATE payrollx_meta.runs CASCADE")


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


def test_a_reader_that_goes_away_is_no_traceback(bad: World) -> None:
    script = '"$1" -m payrollx_db plan --sql | true'
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable],
        env=bad.env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
