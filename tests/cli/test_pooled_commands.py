"""Every command behind a pooler in transaction mode: a service that shares its sessions works on as before."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from command_line import Done
from conftest import LegacyDatabases, TestServer, unique
from poolers import PROGRAM, running_pooler
from psycopg import sql
from test_help import COMMANDS
from worlds import World, query

from payrollx_db.postgres.url import DatabaseUrl

LOGIN = unique("login")
SERVICE_OF_ONE_LOGIN = ("auth", "--name", LOGIN)

NARROW = "extra_float_digits"
WIDE = (
    "extra_float_digits, options, search_path, jit, IntervalStyle, statement_timeout, row_security, lock_timeout, role,"
    " idle_in_transaction_session_timeout, idle_session_timeout, default_transaction_read_only, synchronous_commit"
)

NO_URL = {"completion", "dev up", "dev down", "dev env", "dev status"}  # which speak to no database that is given
LIFT = ("--lift", "{home}/lift.toml")

# Of a catalog that has no tenants: refused, whatever stands between.
TENANTS: dict[str, tuple[str, ...]] = {
    "create": ("one",), "list": (), "migrate": (), "suspend": ("one",), "resume": ("one",),
    "export": ("one", "--to", "{source}"), "move": ("one", "--to", "{source}", "--yes"),
    "drop": ("one", "--dir", "{home}/backups", "--yes"), "restore": ("one", "--dir", "{home}/backups", "--yes"),
    "key": ("{home}/tenants.key",),
}  # fmt: skip

# How each command is called, and with which codes it may end: 3 is that the rows differ or the pooler blocks the copy.
LOOK = {0, 3}
CALLS: dict[str, tuple[tuple[tuple[str, ...], set[int]], ...]] = {
    "plan": (((), {0}),),
    "check": (((), {3}),),
    "copy": (((), {3}), (("--restart", "--yes"), {3})),
    "verify": (((), LOOK),),
    "follow": ((("--dry-run",), {0, 3}), (("--once",), {3})),
    "abandon": ((("--yes",), {3}),),
    "cutover": ((("--yes",), {3}),),
    "rollback": ((("--yes",), {3}),),
    "complete": ((("--yes",), {3}),),
    "status": (((), {0}),),
    "report": (((), {0}), (("--json",), {0}), (("--check", "{home}/report.html"), LOOK)),
    "quarantine list": (((), {0}),),
    "quarantine show": ((("auth.users", "1"), {0, 1, 2}),),
    "quarantine export": (((), {0}),),
    "quarantine retry": (((), {3}),),
    "migrate": (((), {3}), (("--check",), LOOK), (("--downgrade", "base", "--yes"), {3})),
    "roles": (((), {0}), (("--check",), LOOK)),
    "roles login": (((*SERVICE_OF_ONE_LOGIN, "--password-env", "SECRET"), {0}),),
    "roles nologin": ((SERVICE_OF_ONE_LOGIN, {0, 5}),),  # 5: where it runs before login
    "doctor": (((), LOOK),),
    "metrics": (((), {0}),),
    "placement": (((), {0}),),
    "pool-budget": (((), LOOK),),
    "service list": (((), {0}),),
    "service backup": ((("wallet", "--dir", "{home}/backups"), {3}), (("--all", "--dir", "{home}/backups"), {3})),
    "service restore": ((("wallet", "--dir", "{home}/backups", "--yes"), {3}),),
    "service export": ((("wallet", "--dir", "{home}/backups", "--to", "{source}", "--yes"), {3}),),
    "service import": ((("wallet", "--dir", "{home}/backups", "--from", "{source}", "--yes"), {3}),),
    "service drop": ((("wallet", "--dir", "{home}/backups", "--loosen", "--yes"), {3}),),
    "lift": ((("--source", "purse={source}", "--to", "{target}", "--dir", "{home}/lifted"), {3}),),
    "lift init": ((("--source", "wallet={source}", "--lift", "{home}/init.toml", "--force"), {0}),),
    "lift plan": ((LIFT, {3}),),
    "lift schema": ((LIFT, {3}), ((*LIFT, "--dry-run"), {3})),
    "lift reshape": ((LIFT, {0}), ((*LIFT, "--apply"), {2})),
    "draft": ((("--dir", "{home}/drafted", "--schema", "auth", "--yes"), {3}),),
    **{f"tenant {name}": ((arguments, {1}),) for name, arguments in TENANTS.items()},
    "dev seed": ((("--beside",), {0}),),
    "dev legacy": ((("--url", "{source}", "--yes"), {3}),),
}

STATE = """
SELECT pg_backend_pid()::text, current_user::text, (
         SELECT jsonb_object_agg(name, setting) FROM pg_settings WHERE name NOT IN ('application_name')),
       (SELECT count(*) FROM pg_prepared_statements),
       (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
       (SELECT count(*) FROM pg_class WHERE relpersistence = 't'),
       (SELECT count(*) FROM pg_listening_channels())
"""

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="pgbouncer isn't installed")


@dataclass(frozen=True)
class Pooled:
    """A consolidated world behind a pooler with one session for each database, and a service of it."""

    world: World
    home: Path

    def write(self) -> None:
        """Do what a service does: write, by names that its search_path finds. No row is changed."""
        for url in (self.world.target, self.world.urls["payrollx_auth"]):
            with psycopg.connect(url.conninfo(), prepare_threshold=None) as connection:
                connection.execute("UPDATE users SET id = id WHERE false")

    def state(self) -> list[Any]:
        """Return all that a session keeps, of each of the pool's."""
        return [query(url, STATE) for url in (self.world.target, self.world.urls["payrollx_auth"])]

    def command(self, name: str, arguments: tuple[str, ...]) -> Done:
        source, target = self.world.urls["payrollx_wallet"], self.world.target
        places = {"home": str(self.home), "source": source.plain, "target": target.plain}
        given = [argument.format(**places) for argument in arguments]
        return self.world.command(
            *name.split(), *given, env={"SECRET": "a long enough password", "HOME": str(self.home)}
        )


@pytest.fixture(scope="module")
def consolidated(
    server: TestServer,
    migrated_template: str,
    legacy_to_read: LegacyDatabases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[World, Path]]:
    """A target that was copied and backed up by way of the server itself."""
    name = unique("unified")
    world = World(legacy_to_read.urls, server.create_database(name, migrated_template))
    home = tmp_path_factory.mktemp("home")
    world.copy()
    for arguments in (
        ("service", "backup", "wallet", "--dir", str(home / "backups")),
        ("report", "--html", str(home / "report.html")),
    ):
        done = world.command(*arguments, env={"HOME": str(home)})
        assert done.returncode == 0, done.stderr
    query(
        world.target,
        sql.SQL("ALTER DATABASE {} SET search_path = auth, public").format(sql.Identifier(name)).as_string(),
    )
    yield world, home
    server.drop_database(name)
    query(server.url, sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(LOGIN)).as_string())


@pytest.fixture(scope="module")
def pooled(request: pytest.FixtureRequest, server: TestServer, consolidated: tuple[World, Path]) -> Iterator[Pooled]:
    """That world behind a pooler that ignores few or many parameters."""
    direct, home = consolidated
    login = {key: text for key, text in server.url.params.items() if key in ("user", "password")}
    with running_pooler(server.url, login, size=1, ignored=request.param) as place:

        def through(url: DatabaseUrl) -> DatabaseUrl:
            return DatabaseUrl({**url.params, **place})

        pooled = Pooled(World({name: through(url) for name, url in direct.urls.items()}, through(direct.target)), home)
        init = ("--source", "wallet={source}", "--force", *LIFT)
        done = pooled.command("lift init", init)
        assert done.returncode == 0, done.stderr
        yield pooled


def test_no_command_is_forgotten() -> None:
    leaves = {
        name for name, command in COMMANDS.items() if not isinstance(command, click.Group) or name in ("report", "lift")
    }
    assert leaves | {"roles"} == CALLS.keys() | NO_URL
    for name in NO_URL:
        options = {text for option in COMMANDS[name].params for text in option.opts}
        assert not options & {"--database-url", "--url"}


@pytest.mark.parametrize(
    ("pooled", "name"),
    [
        pytest.param(NARROW, name, id=f"narrow-{name}", marks=pytest.mark.long if number % 3 else ())
        for number, name in enumerate(CALLS)
    ]
    + [pytest.param(WIDE, name, id=f"wide-{name}") for name in ("plan", "copy")]
    + [pytest.param(WIDE, name, id=f"wide-{name}", marks=pytest.mark.long) for name in ("verify", "migrate", "doctor")],
    indirect=["pooled"],
)
def test_a_service_that_shares_the_pool_works_on(pooled: Pooled, name: str) -> None:
    for arguments, codes in CALLS[name]:
        pooled.write()
        before = pooled.state()

        done = pooled.command(name, arguments)

        assert done.returncode in codes, (done.stdout[-2000:], done.stderr)
        assert pooled.state() == before
        pooled.write()
        if codes == {3}:
            assert "a pooler stands" in done.stdout + done.stderr
            assert pooled.world.target.params["port"] in done.stdout + done.stderr
