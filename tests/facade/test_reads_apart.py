"""Tables that a service may read and that are placed in another database than its own."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from conftest import TestServer, unique
from sqlalchemy import select, text

from payrollx_db.catalogs import registry
from payrollx_db.catalogs.azora import auth, education, mint, unified
from payrollx_db.cli import cli
from payrollx_db.errors import PlacementError, TargetError
from payrollx_db.facade import engines
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.schema.seed import insert_seed

AZORA = registry.find("azora")
READERS = ["education", "mint", "forge", "nexus", "ai_family", "notification"]
JOINED = select(mint.Wallet.balance, auth.User.name).join(auth.User, auth.User.id == mint.Wallet.user_id)
RAW = text("SELECT name FROM auth . \"users\" WHERE name <> 'auth.users'")


@pytest.fixture(scope="module")
def apart(server: TestServer) -> Iterator[tuple[DatabaseUrl, DatabaseUrl]]:
    """Azora's services in one database, and auth alone in another: its old tables, with rows, stayed in the first."""
    names = unique("together"), unique("moved")
    whole, alone = (server.create_database(name) for name in names)
    migrate.upgrade(whole, AZORA)
    insert_seed(whole, AZORA, registry.seed(AZORA), AZORA.services)
    migrate.upgrade(alone, AZORA, service="auth")
    yield whole, alone
    for name in names:
        server.drop_database(name)


@pytest.fixture
def placed(apart: tuple[DatabaseUrl, DatabaseUrl], monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseUrl]:
    """Auth's own database, where the variables place it."""
    monkeypatch.setenv("DATABASE_URL", apart[0].plain)
    monkeypatch.setenv("AUTH_DATABASE_URL", apart[1].plain)
    yield apart[1]
    engines.dispose()


@pytest.mark.parametrize("statement", [JOINED, select(auth.User.name), RAW], ids=["join", "alone", "raw SQL"])
def test_what_is_placed_elsewhere_is_refused_and_old_rows_are_not_read(placed: DatabaseUrl, statement: object) -> None:
    """Not even where the old table is still there, with the right to read it: its rows may be years old."""
    for who in (mint.db, unified.reader):
        with pytest.raises(PlacementError, match=r"auth is not in .* database but in postgresql://") as caught:
            with who.session() as session:
                session.execute(statement)  # type: ignore[call-overload]
        assert "payrollx-db placement --catalog azora" in caught.value.hint
        assert str(placed.params["password"]) not in str(caught.value)


def test_what_is_in_the_same_database_is_read_wherever_that_is(
    apart: tuple[DatabaseUrl, DatabaseUrl], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", apart[1].plain)
    for name in ("MINT", "AUTH", "FORGE"):
        monkeypatch.setenv(f"{name}_DATABASE_URL", apart[0].plain)
    with mint.db.session() as session:
        assert len(session.execute(JOINED).all()) == 3
        assert session.execute(text("SELECT 'auth.users'")).scalar() == "auth.users"
    engines.dispose()


def test_other_tables_of_a_process_whose_reads_are_apart_are_as_before(placed: DatabaseUrl) -> None:
    with mint.db.session() as session:
        assert len(session.execute(select(mint.Wallet.balance)).all()) == 3
        assert session.execute(text('SELECT \'auth.users\', "auth.users" FROM (SELECT 1 AS "auth.users") AS x')).all()
    with education.db.session() as session:
        assert session.execute(select(education.Student.id)).all()


def test_a_table_that_is_nowhere_is_named_with_who_reads_it(
    apart: tuple[DatabaseUrl, DatabaseUrl], database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable says where auth is, and its tables aren't where mint is."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("MINT_DATABASE_URL", database.plain)
    migrate.upgrade(database, AZORA, service="mint")
    for statement in (JOINED, RAW):
        with pytest.raises(TargetError, match=r"has no auth\.users, which mint reads") as caught:
            with mint.db.session() as session:
                session.execute(statement)  # type: ignore[call-overload]
        assert "where auth is placed in the same database" in caught.value.hint
    engines.dispose()


def test_placement_migrate_and_roles_name_it(placed: DatabaseUrl) -> None:
    run = CliRunner()
    answer = run.invoke(cli, ["placement", "--catalog", "azora", "--json"], standalone_mode=False)
    placements = json.loads(answer.stdout)
    assert answer.return_value == 0
    assert placements["reads_apart"] == [{"table": "auth.users", "url": placed.masked, "readers": READERS}]
    assert [(left["service"], len(left["tables"])) for left in placements["left_behind"]] == [("auth", 6)]
    shown = run.invoke(cli, ["placement", "--catalog", "azora"], standalone_mode=False).output
    assert f"auth.users is at {placed.masked}" in shown
    assert "where 6 tables of it lie" in shown
    migrated = run.invoke(cli, ["migrate", "--catalog", "azora"], standalone_mode=False).stderr
    assert f"auth.users is at {placed.masked}, and not where {', '.join(READERS)} would read it" in migrated
    alone = run.invoke(cli, ["roles", "--catalog", "azora", "--json", "--database-url", placed.plain])
    assert json.loads(alone.stdout)["reads_absent"] == {}


def test_roles_name_what_cannot_be_granted(database: DatabaseUrl) -> None:
    migrate.upgrade(database, AZORA, service=["mint", "sapiens"])
    for option in ([], ["--check"]):
        shown = CliRunner().invoke(cli, ["roles", "--catalog", "azora", *option, "--database-url", database.plain])
        assert "auth.users is not in this database, and can't be read by mint" in shown.stderr
        assert "education.students is not in this database, and can't be read by sapiens" in shown.stderr
