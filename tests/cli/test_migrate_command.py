"""``payrollx-db migrate``: what it prints where, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from conftest import TestServer, unique
from schema_snapshots import run

from payrollx_db.cli import main
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate as migrations
from payrollx_db.unified import CATALOG

NAMES = [service.name for service in CATALOG.services]


class Command:
    """Runs ``payrollx-db migrate`` in this process, in an empty folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["migrate", *arguments])
        printed = self.capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err


@pytest.fixture
def migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return Command(capsys)


@pytest.fixture
def here(database: DatabaseUrl, migrate: Command, monkeypatch: pytest.MonkeyPatch) -> DatabaseUrl:
    """An empty database, named by DATABASE_URL."""
    monkeypatch.setenv("DATABASE_URL", database.sqlalchemy())
    return database


def test_up_is_told_to_people(migrate: Command, here: DatabaseUrl) -> None:
    code, out, err = migrate()

    assert code == 0
    assert sorted(err.split()) == sorted(" ".join(f"ran {name}_0001" for name in NAMES).split())
    assert [line.split() for line in out.splitlines()][1:] == [[name, f"{name}_0001"] for name in NAMES]
    assert migrate()[2] == "nothing to do\n"


def test_up_is_told_to_programs(migrate: Command, here: DatabaseUrl) -> None:
    code, out, err = migrate("--service", "employee", "--json")

    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer == {"applied": ["employee_0001"], "current": {"employee": "employee_0001"}}


@pytest.fixture
def elsewhere(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseUrl]:
    """An empty database in which AUTH_DATABASE_URL places auth."""
    name = unique("elsewhere")
    url = server.create_database(name)
    monkeypatch.setenv("AUTH_DATABASE_URL", url.sqlalchemy())
    yield url
    server.drop_database(name)


def test_each_service_is_migrated_where_it_lives(migrate: Command, here: DatabaseUrl, elsewhere: DatabaseUrl) -> None:
    code, out, _ = migrate("--json")

    assert code == 0
    assert json.loads(out)["current"] == {name: f"{name}_0001" for name in NAMES}
    assert set(migrations.current(elsewhere, CATALOG)) == {"auth"}
    assert set(migrations.current(here, CATALOG)) == set(NAMES) - {"auth"}
    assert migrate("--check")[:2] == (0, "the database matches the models\n")
    assert migrate("--service", "auth", "--check")[0] == 0
    assert migrate("--service", "auth", "--downgrade", "base", "--yes")[0] == 0
    assert migrations.current(elsewhere, CATALOG) == {}
    assert migrate("--revision", "wallet_0001")[2] == "nothing to do\n"


def test_the_others_are_migrated_where_one_fails(
    migrate: Command, here: DatabaseUrl, elsewhere: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first can't be changed, the last isn't there at all, the unified one between them is migrated."""
    run(elsewhere, "CREATE SCHEMA auth")  # of somebody else's
    assert migrate("--service", "wallet")[0] == 0  # where it was before it moved
    monkeypatch.setenv("WALLET_DATABASE_URL", elsewhere.with_database("nowhere_at_all").plain)

    code, out, err = migrate("--json")

    answer = json.loads(out)
    assert (code, set(answer["current"])) == (3, set(NAMES) - {"auth", "wallet"})
    assert {one["outcome"] for one in answer["databases"]} == {"done", "failed"}
    failed = {one["database"]: one for one in answer["databases"] if one["outcome"] == "failed"}
    assert [one["services"] for one in failed.values()] == [["auth"], ["wallet"]]
    assert all(one["why"] and one["next"] for one in failed.values())
    (done,) = (one for one in answer["databases"] if one["outcome"] == "done")
    assert (done["why"], done["next"], set(done["applied"])) == (None, None, set(answer["applied"]))
    assert "2 of 3 databases weren't migrated; the others were done" in err
    assert "what payrollx-db roles --sql prints, and granted it the owner role" in err  # whichever catalog's it is
    code, out, err = migrate()
    assert code == 3
    rows = [line.split() for line in out.splitlines() if "postgresql://" in line]
    assert [("failed" in row, "done" in row) for row in rows] == [(True, False), (False, True), (True, False)]
    code, out, _ = migrate("--check", "--json")
    checked = json.loads(out)
    assert code == 3
    assert [one["outcome"] for one in checked["databases"]] == ["done", "done", "failed"]
    assert any("auth" in difference for difference in checked["drift"])


def test_a_database_that_the_command_line_names_gets_all(
    migrate: Command, database: DatabaseUrl, elsewhere: DatabaseUrl
) -> None:
    assert migrate("--database-url", database.sqlalchemy())[0] == 0

    assert set(migrations.current(database, CATALOG)) == set(NAMES)
    assert migrations.current(elsewhere, CATALOG) == {}


def test_down_asks_to_be_sure(migrate: Command, here: DatabaseUrl) -> None:
    migrate()

    code, out, err = migrate("--downgrade", "base")
    assert (code, out) == (2, "")
    assert "add --yes" in err
    assert set(migrations.current(here, CATALOG)) == set(NAMES)

    assert migrate("--downgrade", "base", "--yes")[0] == 0
    assert migrations.current(here, CATALOG) == {}


def test_drift_is_exit_code_3(migrate: Command, here: DatabaseUrl) -> None:
    migrate()
    assert migrate("--check") == (0, "the database matches the models\n", "")
    assert json.loads(migrate("--check", "--json")[1]) == {"drift": []}

    with psycopg.connect(here.conninfo()) as connection:
        connection.execute("ALTER TABLE auth.users ADD phone text")

    code, out, err = migrate("--check")
    assert (code, out) == (3, "errors\n  extra  column auth.users.phone is in the database only\n")
    assert "the database differs from the models in 1 place" in err
    code, out, err = migrate("--check", "--json")
    assert (code, json.loads(out)) == (3, {"drift": ["column auth.users.phone is in the database only"]})


def test_sql_needs_no_database(migrate: Command, database: DatabaseUrl) -> None:
    """What it prints makes the service's tables, and those of no other, when somebody runs it."""
    code, out, err = migrate("--sql", "--service", "auth")

    assert (code, err) == (0, "")
    run(database, out)
    tables = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY (%s)"
    with psycopg.connect(database.conninfo()) as connection:
        made = {name for (name,) in connection.execute(tables, [NAMES]).fetchall()}
    assert set(CATALOG.service("auth").tables) == {name.removeprefix("auth.") for name in made}


def test_an_unset_url_is_said_with_the_next_step(migrate: Command) -> None:
    code, out, err = migrate()

    assert (code, out) == (2, "")
    assert err.startswith("payrollx-db: DATABASE_URL is not set\n  hint: ")


def test_an_unreachable_server_is_exit_code_5(migrate: Command) -> None:
    code, _, err = migrate("--database-url", "postgresql://someone:hunter2@127.0.0.1:1/nowhere")

    assert code == 5
    assert "postgresql://someone:***@127.0.0.1:1/nowhere can't be reached" in err
    assert "hunter2" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--sql", "--check"),
        ("--check", "--downgrade", "base"),
        ("--revision", "auth_0001", "--check"),
        ("--sql", "--json"),
        ("--service", "nope"),
        ("--service", "auth", "--revision", "nope"),
    ],
)
def test_nonsense_is_exit_code_2(arguments: tuple[str, ...], migrate: Command, here: DatabaseUrl) -> None:
    code, out, err = migrate(*arguments)

    assert (code, out) == (2, "")
    assert err


def test_help_names_the_variable(migrate: Command) -> None:
    assert "[env var: DATABASE_URL]" in migrate("--help")[1]
