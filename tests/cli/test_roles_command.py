"""``payrollx-db roles``: what it prints where, how it ends, and the logins that it makes."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from conftest import TestServer, unique
from psycopg import sql
from schema_snapshots import run
from shop_roles import Shop
from worlds import query

from payrollx_db.cli import main
from payrollx_db.errors import CatalogError, ConfigurationError, StateConflictError, TargetError
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.roles import logins

Roles = Callable[..., tuple[int, str, str]]
SECRET = "s3cret wörd'%\\"


@pytest.fixture
def roles(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Roles:
    """Run ``payrollx-db roles`` in this process, on the shop's catalog and database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", shop.url.plain)
    monkeypatch.setenv("PAYROLLX_CATALOG", "shop_catalog:CATALOG")
    monkeypatch.setenv("SECRET", SECRET)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["roles", *arguments])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


@pytest.fixture
def login(shop: Shop) -> Callable[..., DatabaseUrl]:
    def url(name: str, password: str = SECRET) -> DatabaseUrl:
        return DatabaseUrl({**shop.url.params, "user": name, "password": password})

    return url


def role_of(shop: Shop, service: str) -> str:
    return shop.catalog.service(service).role


# -- shown, proven, printed ------------------------------------------------------------------------------


def test_the_roles_are_shown(roles: Roles, shop: Shop) -> None:
    shop.run("GRANT {shop} TO {stranger}; ALTER ROLE {crm} LOGIN; REVOKE SELECT ON shop.orders FROM {shop}")

    code, out, err = roles()

    rows = {cells[0]: cells[1:] for cells in (line.split() for line in out.splitlines()[1:])}
    names = {name: part.as_string().strip('"') for name, part in shop.names.items()}
    assert code == 0
    assert rows[names["shop"]] == ["no", "shop", "1", "of", "2", names["stranger"]]
    assert rows[names["crm"]] == ["yes", "the", "crm", "1", "of", "1"]
    assert rows[names["reader"]] == ["no", "all", "3", "of", "3"]
    assert err == "1 finding: payrollx-db roles --check lists them\n"


def test_walls_that_stand_are_exit_code_0(roles: Roles) -> None:
    code, out, err = roles("--check")

    assert (code, err) == (0, "")
    assert out.endswith("of 4 roles checked: each role may do what its service needs, and no more.\n")


def test_a_fault_is_exit_code_3_and_comes_with_its_sql(roles: Roles, shop: Shop) -> None:
    shop.run("GRANT SELECT ON shop.orders TO PUBLIC")

    code, out, err = roles("--check")

    assert (code, err) == (3, "")
    assert out.startswith(
        "errors\n  role-too-much  PUBLIC has SELECT on table shop.orders\n"
        '      REVOKE SELECT ON TABLE "shop"."orders" FROM PUBLIC CASCADE;\n'
    )
    assert out.endswith(": 1 finding.\n")


def test_programs_get_one_document(roles: Roles, shop: Shop) -> None:
    shop.run("REVOKE SELECT ON shop.orders FROM {shop}")

    code, out, err = roles("--check", "--json")

    answer = json.loads(out)
    role = role_of(shop, "shop")
    assert (code, err, answer["absent"]) == (3, "", [])
    assert answer["findings"] == [
        {
            "role": role,
            "kind": "table",
            "object": "shop.orders",
            "privileges": ["SELECT"],
            "direction": "missing",
            "message": f"{role} lacks SELECT on table shop.orders",
            "sql": f'GRANT SELECT ON TABLE "shop"."orders" TO "{role}";',
        }
    ]
    assert [state["tables_ok"] for state in answer["roles"] if state["role"] == role] == [1]
    assert roles("--json")[0] == 0


def test_the_sql_needs_no_database(roles: Roles, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    shop.run("REVOKE ALL ON shop.orders FROM {shop}")

    code, script, err = roles("--sql")

    assert (code, err) == (0, "")
    run(shop.url, script)
    assert shop.findings() == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sql", "--check"), "--sql"),
        (("--sql", "--json"), "--sql"),
        (("--check", "login", "shop"), "--check"),
        (("login",), "SERVICE"),
        (("login", "nope", "--password-env", "SECRET"), "has no service 'nope'"),
        (("login", "shop", "--password-env", "UNSET_FOR_SURE"), "UNSET_FOR_SURE is not set"),
        (("--catalog", "nowhere"), "there is no catalog 'nowhere'"),
    ],
)
def test_what_makes_no_sense_is_exit_code_2(arguments: tuple[str, ...], said: str, roles: Roles) -> None:
    code, out, err = roles(*arguments)

    assert (code, out) == (2, "")
    assert said in err


def test_an_unmigrated_database_is_one_error(
    roles: Roles, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.plain)

    code, out, err = roles("--check", "--catalog", "payrollx_db.unified:CATALOG")

    assert (code, out) == (5, "")
    assert "has no schema of the catalog payrollx\n  hint: payrollx-db migrate" in err


@pytest.mark.skipif(shutil.which("psql") is None, reason="there is no psql here")
def test_what_is_printed_runs_in_psql(roles: Roles, shop: Shop, server: TestServer, tmp_path: Path) -> None:
    shop.run("GRANT SELECT ON shop.orders TO PUBLIC; REVOKE SELECT ON shop.orders FROM {shop}")
    script = tmp_path / "roles.sql"
    script.write_text(roles("--sql")[1], encoding="utf-8")

    settings = {f"PG{key.upper()}": value for key, value in shop.url.params.items() if key != "dbname"}
    environment = {**os.environ, **settings, "PGDATABASE": shop.url.dbname}
    command = ["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(script)]
    subprocess.run(command, env=environment, check=True, capture_output=True)

    assert roles("--check")[0] == 0


# -- logins ----------------------------------------------------------------------------------------------


def test_a_login_that_is_the_role(roles: Roles, shop: Shop, login: Callable[..., DatabaseUrl]) -> None:
    role = role_of(shop, "shop")

    code, out, err = roles("login", "shop", "--password-env", "SECRET")
    assert (code, out, err) == (0, "", f"{role} can log in, and is the role of shop\n")

    with psycopg.connect(login(role).conninfo(), autocommit=True) as connection:
        for statement in ("RESET ROLE", "RESET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION DEFAULT"):
            connection.execute(statement)
            assert connection.execute("SELECT session_user::text, current_user::text").fetchone() == (role, role)
            connection.execute("SELECT FROM shop.orders")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute('SELECT FROM "the crm".customers')
        for statement in ("SET ROLE {owner}", "SET ROLE {crm}", "SET SESSION AUTHORIZATION {owner}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(shop.statement(statement))
    assert roles("--check")[0] == 0  # a role that logs in is no fault

    assert roles("nologin", "shop") == (0, "", f"{role} can't log in any more\n")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(login(role).conninfo())
    shop.run("ALTER ROLE {shop} LOGIN")  # as somebody may later: the old password doesn't come back with it
    assert query(shop.url, "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role]) == [(None,)]


def test_again_changes_the_password(shop: Shop, login: Callable[..., DatabaseUrl]) -> None:
    role = role_of(shop, "crm")
    for password in (SECRET, "another"):
        assert logins.allow(shop.url, shop.catalog, "crm", password) == logins.Login("crm", role, role, logs_in=True)

    psycopg.connect(login(role, "another").conninfo()).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(login(role).conninfo())


def test_a_further_login_in_the_role(roles: Roles, shop: Shop, login: Callable[..., DatabaseUrl]) -> None:
    name = f"{shop.stranger} blue"
    answer = json.loads(roles("login", "shop", "--name", name, "--password-env", "SECRET", "--json")[1])
    assert answer == {
        "service": "shop", "role": role_of(shop, "shop"), "name": name, "logs_in": True, "is_role": False,
    }  # fmt: skip
    assert roles("login", "shop", "--name", name, "--password-env", "SECRET")[0] == 0
    try:
        with psycopg.connect(login(name).conninfo(), autocommit=True) as connection:
            connection.execute("RESET ROLE; SELECT FROM shop.orders")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute('SELECT FROM "the crm".customers')
        assert roles("--check")[0] == 0
        assert roles("nologin", "crm", "--name", name)[0] == 6  # it is none of that service's
    finally:
        assert roles("nologin", "shop", "--name", name) == (0, "", f"dropped the login {name}\n")
    assert roles("nologin", "shop", "--name", name)[0] == 5


@pytest.mark.parametrize("more", ["GRANT {crm} TO {stranger}", "ALTER ROLE {stranger} CREATEDB", ""])
def test_a_role_that_is_more_is_not_touched(more: str, shop: Shop) -> None:
    shop.run(f"{more}; GRANT {{shop}} TO {{stranger}}" if more else "SELECT 1")
    name = shop.stranger if more else shop.catalog.owner_role

    for action in (lambda: logins.allow(shop.url, shop.catalog, "shop", SECRET, name=name),
                   lambda: logins.forbid(shop.url, shop.catalog, "shop", name=name)):  # fmt: skip
        with pytest.raises(StateConflictError, match="is more than a login"):
            action()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(DatabaseUrl({**shop.url.params, "user": name, "password": SECRET}).conninfo())


def test_the_password_stays_here(shop: Shop, login: Callable[..., DatabaseUrl]) -> None:
    """What is sent has the verifier, and not the password; so has what the server logs."""
    told: list[str] = []
    original = psycopg.Connection.execute

    def listening(self: psycopg.Connection, query: sql.Composable, *rest: object, **more: object) -> object:
        told.append(query.as_string(self) if isinstance(query, sql.Composable) else str(query))
        return original(self, query, *rest, **more)  # type: ignore[arg-type]

    psycopg.Connection.execute = listening  # type: ignore[assignment, method-assign]
    try:
        made = logins.allow(shop.url, shop.catalog, "shop", SECRET)
    finally:
        psycopg.Connection.execute = original  # type: ignore[method-assign]

    assert any("SCRAM-SHA-256$" in statement for statement in told)
    assert not any("s3cret" in statement for statement in told)
    assert "s3cret" not in repr(made)


def test_who_may_not_is_told_so(shop: Shop, login: Callable[..., DatabaseUrl]) -> None:
    shop.run("GRANT {shop} TO {stranger}")

    for action in (
        lambda: logins.allow(login(shop.stranger, "made up"), shop.catalog, "shop", SECRET),
        lambda: logins.forbid(login(shop.stranger, "made up"), shop.catalog, "shop"),
        lambda: logins.allow(login(shop.stranger, "made up"), shop.catalog, "shop", SECRET, name=unique("other")),
    ):
        with pytest.raises(TargetError, match="permission denied") as caught:
            action()
        assert "CREATEROLE" in caught.value.hint
        assert not any(secret in str(caught.value) for secret in ("made up", "s3cret", "SCRAM"))


def test_bad_input_is_one_error_each(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="password is empty"):
        logins.allow(shop.url, shop.catalog, "shop", "")
    with pytest.raises(CatalogError, match="no service 'nope'"):
        logins.allow(shop.url, shop.catalog, "nope", SECRET)
    shop.run("DROP OWNED BY {crm}; DROP ROLE {crm}")
    with pytest.raises(TargetError, match="has no role") as caught:
        logins.allow(shop.url, shop.catalog, "crm", SECRET)
    assert "payrollx-db migrate" in caught.value.hint


def test_without_a_terminal_nothing_is_asked(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, _, err = roles("login", "shop")

    assert code == 2
    assert "--password-env" in err


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    shop: Shop, login: Callable[..., DatabaseUrl], tmp_path: Path
) -> None:
    (tmp_path / "shop_catalog.py").write_text(
        f"from payrollx_db.model.catalog import *\nCATALOG = {catalog_source(shop)}\n"
    )
    environment = {**os.environ, "DATABASE_URL": shop.url.plain, "PAYROLLX_CATALOG": "shop_catalog:CATALOG"}
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "payrollx_db", "roles", "login", "shop"]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=tmp_path, start_new_session=True
    )
    os.close(slave)
    shown = answered(master, b"typed in\n")
    assert process.wait(timeout=600) == 0, shown
    os.close(master)

    assert b"typed in" not in shown
    psycopg.connect(login(role_of(shop, "shop"), "typed in").conninfo()).close()


def answered(master: int, answer: bytes) -> bytes:
    """Answer two prompts, and return all that was shown."""
    shown = b""
    for said in chunks(master):
        shown += said
        if said.rstrip().endswith(b":"):
            os.write(master, answer)
    return shown


def chunks(master: int) -> Iterator[bytes]:
    try:
        while said := os.read(master, 1000):
            yield said
    except OSError:  # the other end is closed
        return


def catalog_source(shop: Shop) -> str:
    catalog = shop.catalog
    return (
        f"Catalog({catalog.name!r}, {catalog.services!r}, owner_role={catalog.owner_role!r},"
        f" reader_role={catalog.reader_role!r})"
    )
