"""A consolidation between servers that speak German: nothing that it leaves behind holds a value of a row."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from worlds import World, query

from payrollx_db.catalogs.payrollx.practice.databases import RECIPES, drop_legacy, make_legacy
from payrollx_db.devserver import create_database, drop_database
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

VALUE = "geheim-4711"
RECORDS = """
SELECT query_to_xml('SELECT * FROM payrollx_meta.' || quote_ident(tablename), true, true, '')::text
FROM pg_catalog.pg_tables WHERE schemaname = 'payrollx_meta'
"""


@pytest.fixture(scope="module")
def german_template(german: DatabaseUrl) -> Iterator[World]:
    """Legacy databases and a target, for tests that change nothing, and to be cloned."""
    make_legacy(german, employees=5, prefix="german_")
    target = create_database(german, "german_unified")
    try:
        migrate.upgrade(target, CATALOG)
        yield World({recipe.name: german.with_database(f"german_{recipe.name}") for recipe in RECIPES}, target)
    finally:
        drop_database(german, "german_unified")
        drop_legacy(german, prefix="german_")


@pytest.fixture
def german_world(german: DatabaseUrl, german_template: World) -> Iterator[World]:
    """A world of the test's own."""
    gc.collect()  # a login that is cancelled is closed by whoever collects what psycopg leaves of it
    names = {name: f"own_{url.dbname}" for name, url in german_template.urls.items()}
    urls = {name: create_database(german, own, template=own[4:]) for name, own in names.items()}
    target = create_database(german, "own_unified", template=german_template.target.dbname)
    yield World(urls, target)
    for name in ("own_unified", *names.values()):
        drop_database(german, name)


def left_behind(world: World, folder: Path, *options: str) -> str:
    """Copy, which fails, and return all that it prints and leaves: events, records, and the report to sign."""
    events, report = folder / "events.jsonl", folder / "report.html"
    done = world.command("copy", "--jobs", "2", "--events", str(events), *options)
    assert done.returncode == 3, done.stderr
    told = world.command("report", "--output", str(report))
    records = "".join(text for (text,) in query(world.target, RECORDS))
    page = report.read_text() if report.exists() else ""
    debug = world.command("--debug", "copy", "--jobs", "2", *options)
    texts = [done.stdout, done.stderr, events.read_text(), told.stdout, told.stderr, records, page, debug.stderr]
    return "\n".join(texts)


def test_a_failed_cast_leaves_no_value(german_world: World, tmp_path: Path) -> None:
    query(german_world.urls["payrollx_wallet"], 'UPDATE wallets SET "createdBy" = %s', [VALUE])

    text = left_behind(german_world, tmp_path, "--check-rows", "never")

    assert "unconvertible payrollx_wallet.public.wallets.createdBy" in text
    assert VALUE not in text


@pytest.mark.long  # a failed cast is told in the same way
def test_a_constraint_that_rows_break_leaves_no_value(german_world: World, tmp_path: Path) -> None:
    query(german_world.urls["payrollx_wallet"], 'UPDATE wallets SET "provider" = %s', [VALUE])
    query(german_world.target, "ALTER TABLE wallet.wallets ADD CONSTRAINT none_of_it CHECK (false)")

    text = left_behind(german_world, tmp_path, "--check-rows", "never")

    assert "check-violated payrollx_wallet.public.wallets" in text
    assert "refused by the CHECK none_of_it of wallet.wallets" in text
    assert VALUE not in text


@pytest.mark.long
def test_what_retry_is_refused_has_no_value(german_world: World) -> None:
    wallets = german_world.urls["payrollx_wallet"]
    ((wallet, creator),) = query(wallets, 'SELECT id, "createdBy" FROM wallets ORDER BY id LIMIT 1')
    query(wallets, "UPDATE wallets SET \"createdBy\" = 'nobody' WHERE id = %s", [wallet])
    german_world.answer("copy", "--policy", "unconvertible=quarantine")
    query(
        german_world.target,
        "ALTER TABLE wallet.wallets ADD CONSTRAINT none_of_it CHECK (false) NOT VALID",
    )
    query(wallets, 'UPDATE wallets SET "createdBy" = %s, "publicKey" = %s WHERE id = %s', [creator, VALUE, wallet])

    done = german_world.command("quarantine", "retry")

    assert done.returncode == 3
    assert "constraint none_of_it, SQLSTATE 23514" in done.stdout + done.stderr
    assert VALUE not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "code", "advice"),
    [
        ({"password": "falsch"}, 4, "check the user name and the password"),
        ({"dbname": "german_nowhere"}, 4, "create the database"),
    ],
)
def test_a_refused_login_has_its_hint(german_template: World, change: dict[str, str], code: int, advice: str) -> None:
    url = german_template.urls["payrollx_wallet"]
    away = DatabaseUrl({**url.params, **change}).plain

    done = german_template.command("plan", env={"LEGACY_WALLET_DATABASE_URL": away})

    assert done.returncode == code
    assert advice in " ".join(done.stderr.split())
    assert "falsch" not in done.stderr


@pytest.mark.parametrize("command", [["migrate", "--check"], ["migrate"], ["roles", "--check"], ["status"], ["doctor"]])
def test_each_command_knows_a_wrong_password(german_template: World, command: list[str]) -> None:
    away = DatabaseUrl({**german_template.target.params, "password": "falsch"}).plain

    done = german_template.command(*command, env={"DATABASE_URL": away})

    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode
    assert "password authentication failed (SQLSTATE 28P01)" in text
    assert "check the user name and the password" in text
    assert "falsch" not in text


@pytest.mark.long
def test_what_a_trigger_says_of_a_row_is_told_by_its_key(german_world: World) -> None:
    """Its words may hold anything; what is told is the row's key, found without the server's words."""
    wallets = german_world.urls["payrollx_wallet"]
    ((key,),) = query(wallets, 'UPDATE wallets SET "provider" = %s'
                      " WHERE id = (SELECT min(id) FROM wallets) RETURNING id", [VALUE])  # fmt: skip
    query(
        german_world.target,
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF NEW.provider = '{VALUE}' THEN RAISE EXCEPTION '% ist verboten', NEW.provider; END IF;"
        " RETURN NEW; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON wallet.wallets FOR EACH ROW EXECUTE FUNCTION public.refuse()",
    )

    done = german_world.command("copy", "--jobs", "2", "--policy", "trigger=fire", "--check-rows", "never")

    assert done.returncode == 5, done.stderr
    assert f"payrollx_wallet.public.wallets: the row {key} is refused" in done.stderr
    assert VALUE not in done.stdout + done.stderr
