"""Bad input, through the command line: one clear line, the right exit code, no secret, and an unchanged target."""

from urllib.parse import quote

import pytest
from refusals import WRONG, Run, assert_no_secret, assert_refused, assert_untouched, needs_passwords, with_params
from worlds import World, snapshot_of, value

from payrollx_db.postgres.url import DatabaseUrl

# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["plan", "copy", "verify", "status", "migrate"])
def test_no_database_url(untouched: World, run: Run, command: str) -> None:
    ended = run(untouched, command, DATABASE_URL=None)

    assert_refused(ended, 2, "DATABASE_URL is not set")
    assert "hint: " in ended.details
    assert_untouched(untouched)


def test_a_database_url_that_is_none(untouched: World, run: Run) -> None:
    for url in (f"mysql://me:{quote(WRONG, safe='')}@host/db", f"postgresql://me:{WRONG}@host:x/db", WRONG):
        assert_refused(run(untouched, "copy", DATABASE_URL=url), 2, "DATABASE_URL")
    assert_untouched(untouched)


def test_no_word_about_where_the_legacy_databases_are(untouched: World, run: Run) -> None:
    ended = run(untouched, "copy", LEGACY_AUTH_DATABASE_URL=None, LEGACY_WALLET_DATABASE_URL=None)

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
def test_names_that_there_are_not(untouched: World, run: Run, arguments: tuple[str, ...], words: str) -> None:
    assert_refused(run(untouched, *arguments), 2, words)


@pytest.mark.parametrize("arguments", [("copy", "--jobs", "0"), ("verify", "--limit", "-1"), ("copy", "--fast")])
def test_options_that_click_refuses(untouched: World, run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(untouched, *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    assert_untouched(untouched)


def test_a_layout_that_cannot_be_imported(untouched: World, run: Run) -> None:
    assert_refused(run(untouched, "plan", "--from", "no_such_module:LAYOUT"), 1, "no_such_module")
    assert_refused(run(untouched, "plan", "--from", "payrollx_db.legacy:NOTHING"), 1, "NOTHING")
    assert_refused(run(untouched, "plan", "--from", "payrollx_db.unified:CATALOG"), 1, "Catalog")


# --- servers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["plan", "copy", "verify"])
def test_a_source_that_cannot_be_reached(untouched: World, run: Run, command: str) -> None:
    away = f"postgresql://me:{quote(WRONG, safe='')}@127.0.0.1:1/payrollx_wallet"

    ended = run(untouched, command, LEGACY_WALLET_DATABASE_URL=away)

    assert_refused(ended, 4, "payrollx_wallet", "127.0.0.1:1", "***")
    assert "hint: check that the server is running" in ended.details
    assert_untouched(untouched)


def test_a_wrong_password_of_a_source(untouched: World, run: Run) -> None:
    needs_passwords(untouched)
    url = with_params(untouched.urls["payrollx_org"], password=WRONG)

    ended = run(untouched, "copy", "--json", LEGACY_ORG_DATABASE_URL=url)

    assert_refused(ended, 4, "payrollx_org", "password authentication failed", ":***@")
    assert "check the user name and the password" in ended.details
    assert_untouched(untouched)


def test_a_missing_legacy_database(untouched: World, run: Run) -> None:
    url = untouched.urls["payrollx_payroll"].with_database("payrollx_nowhere").plain

    ended = run(untouched, "copy", LEGACY_PAYROLL_DATABASE_URL=url)

    assert_refused(ended, 4, "payrollx_payroll", "payrollx_nowhere", "does not exist")
    assert "create the database" in ended.details
    assert_untouched(untouched)


@pytest.mark.parametrize("command", ["plan", "copy", "verify", "status"])
def test_a_target_that_cannot_be_reached(untouched: World, run: Run, command: str) -> None:
    url = f"postgresql://me:{quote(WRONG, safe='')}@127.0.0.1:1/unified"

    assert_refused(run(untouched, command, DATABASE_URL=url), 5, "unified", "127.0.0.1:1", "***")


def test_a_wrong_password_of_the_target(untouched: World, run: Run) -> None:
    needs_passwords(untouched)

    ended = run(untouched, "copy", DATABASE_URL=with_params(untouched.target, password=WRONG))

    assert_refused(ended, 5, "password authentication failed", ":***@")


def test_a_target_that_is_not_there(untouched: World, run: Run) -> None:
    ended = run(untouched, "copy", DATABASE_URL=untouched.target.with_database("payrollx_nowhere").plain)

    assert_refused(ended, 5, "payrollx_nowhere")


def test_a_target_that_is_not_migrated(untouched: World, database: DatabaseUrl, run: Run) -> None:
    ended = run(untouched, "copy", DATABASE_URL=database.plain)

    assert_refused(ended, 5, "isn't migrated", "18 tables")
    assert "auth.users" in ended.details
    assert "payrollx-db migrate" in ended.details
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname = 'payrollx_meta'") == 0


@pytest.mark.parametrize("options", [["--debug", "copy"], ["copy", "--json"], ["--debug", "verify", "--json"]])
def test_no_secret_leaves_a_real_process(untouched: World, options: list[str]) -> None:
    """Also not in the traceback that --debug shows, with all the exceptions behind the last one."""
    needs_passwords(untouched)
    done = untouched.command(
        *options, env={"LEGACY_ORG_DATABASE_URL": with_params(untouched.urls["payrollx_org"], password=WRONG)}
    )

    assert done.stdout == ""
    assert ("Traceback" in done.stderr) == ("--debug" in options)
    assert done.returncode == 4
    assert "***" in done.stderr
    assert_no_secret(done.stderr)
    for url in (untouched.target, *untouched.urls.values()):
        assert f":{url.params['password']}@" not in done.stderr
        assert url.params["password"] not in done.stderr or url.params["password"] in ("postgres", "payrollx")


@pytest.mark.parametrize("command", ["plan", "copy", "verify"])
def test_source_and_target_are_the_same_database(untouched: World, run: Run, command: str) -> None:
    before = snapshot_of(untouched.urls["payrollx_auth"])

    # by another name for the same server, so that no comparison of URLs could know
    ended = run(untouched, command, DATABASE_URL=with_params(untouched.urls["payrollx_auth"], host="localhost"))

    assert_refused(ended, 2, "payrollx_auth and the target are the same database")
    assert snapshot_of(untouched.urls["payrollx_auth"]) == before


def test_two_sources_are_the_same_database(untouched: World, run: Run) -> None:
    ended = run(untouched, "copy", LEGACY_WALLET_DATABASE_URL=untouched.urls["payrollx_auth"].plain)

    assert_refused(ended, 2, "payrollx_auth", "payrollx_wallet", "same database")
    assert_untouched(untouched)
