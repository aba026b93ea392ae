"""What destroys is said by a person, on the command line: no variable says it, and no file."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.core import ParameterSource
from command_line import call, spawn
from worlds import value as fetch

from payrollx_db.cli import cli
from payrollx_db.cli.destructive import DestructiveOption, destructive_option
from payrollx_db.postgres.url import DatabaseUrl

# Whatever command they belong to: they drop, empty, replace or delete, or answer the question before.
DESTRUCTIVE = {
    "--yes", "--downgrade", "--restart", "--destroy", "--loosen", "--keep", "--beside", "--force", "--drop",
    "--extras", "--unsigned", "--same-server", "--accept-structure", "--unfence",
    "--leave-stuck", "--no-way-back", "--protected", "--on-open", "--terminate", "--forget",
    "--without-backup", "--allow-loss",
}  # fmt: skip
# In these commands also: the login that is dropped, the backup that replaces what is there, the file that is replaced.
DESTRUCTIVE_HERE = {("roles login", "--name"), ("roles nologin", "--name"), ("service restore", "--backup"),
                    ("tenant restore", "--backup"),
                    ("report", "--html"), ("complete", "--report"), ("lift reshape", "--apply"),
                    ("lift reshape", "--overwrite")}  # fmt: skip
# All others. They choose, tune and show, so that a variable may set them; a new option has to be put into one list.
HARMLESS = {
    "--max-stop", "--max-lag", "--catch-up", "--attempts", "--on-open-url", "--wait-for-connections", "--online",
    "--max-retained", "--stop-at-failure", "--shape", "--layout", "--extract", "--once", "--resync", "--follow",
    "--reversible", "--set", "--tenant", "--tenants", "--stop-at-trouble", "--as", "--via",
    "--adopt", "--all", "--anew", "--application-name", "--backup", "--backup-age", "--backups", "--bin", "--catalog",
    "--check", "--check-rows", "--data-dir", "--database-url", "--databases", "--debug", "--dir", "--dry-run",
    "--employees", "--events", "--exact", "--from", "--hostile", "--jobs", "--json", "--key-file", "--lift", "--limit",
    "--listen", "--lock-timeout", "--log-format", "--long-transaction", "--max-connections", "--max-rate", "--name",
    "--package", "--password-env", "--policies", "--policy", "--prisma", "--prove", "--renew", "--replicas",
    "--reserve", "--revision", "--run", "--scan-timeout", "--schema", "--seed", "--server", "--service",
    "--show-values", "--small-tables", "--source", "--sql", "--statement-timeout", "--structure", "--sums", "--table",
    "--timeout", "--to", "--url", "--verify", "--version", "--without-triggers",
}  # fmt: skip


def options(
    command: click.Command = cli, above: click.Context | None = None
) -> Iterator[tuple[click.Context, click.Option]]:
    """Yield every option of every command, with the context in which it is read."""
    context = command.context_class(command, parent=above, info_name=command.name, **command.context_settings)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield context, parameter
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        member = command.get_command(context, name)
        assert member is not None
        yield from options(member, context)


ALL = [(context, option, context.command_path.partition(" ")[2]) for context, option in options()]


def is_destructive(command: str, option: click.Option) -> bool:
    return option.opts[0] in DESTRUCTIVE or (command, option.opts[0]) in DESTRUCTIVE_HERE


def test_the_lists_know_every_option() -> None:
    unlisted = {(c, o.opts[0]) for _, o, c in ALL if not is_destructive(c, o) and o.opts[0] not in HARMLESS}

    assert unlisted == set(), "decide whether it destroys: destructive_option, or the list HARMLESS"
    assert {(c, o.opts[0]) for _, o, c in ALL} >= DESTRUCTIVE_HERE


def test_what_destroys_is_made_by_the_helper() -> None:
    made = {(command, option.opts[0]) for _, option, command in ALL if isinstance(option, DestructiveOption)}

    assert made == {(command, option.opts[0]) for _, option, command in ALL if is_destructive(command, option)}


SAID = [(context, option) for context, option, _ in ALL if isinstance(option, DestructiveOption)]


@pytest.mark.parametrize(
    ("context", "option"), SAID, ids=[f"{context.command_path} {option.opts[0]}" for context, option in SAID]
)
def test_no_variable_says_it(
    context: click.Context,
    option: DestructiveOption,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    variables = option.former_variables(context)
    for name in variables:
        monkeypatch.setenv(name, "1")

    value, source = option.consume_value(context, {})

    assert (option.envvar, option.value_from_envvar(context)) == (None, None)
    assert source is ParameterSource.DEFAULT
    assert value is not True
    warnings = capsys.readouterr().err
    assert all(f"{name} is set, but not read any more" in warnings for name in variables)


def test_an_option_that_destroys_takes_no_variable() -> None:
    with pytest.raises(TypeError, match="no environment variable"):

        @click.command()
        @destructive_option("--wipe", is_flag=True, envvar="WIPE")
        def command() -> None: ...


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose file .env says all that earlier versions believed."""
    lines = {name: "1" for context, option in SAID for name in option.former_variables(context)}
    lines |= {"PAYROLLX_MIGRATE_DOWNGRADE": "base", "PAYROLLX_MIGRATE_JSON": "1", "PAYROLLX_JSON": "1"}
    (tmp_path / ".env").write_text("".join(f"{name}={text}\n" for name, text in lines.items()))
    return tmp_path


def test_a_file_no_longer_drops_every_table(folder: Path, migrated: DatabaseUrl) -> None:
    done = call(("migrate",), {"DATABASE_URL": migrated.plain}, folder)

    assert done.returncode == 0
    assert json.loads(done.stdout)["applied"] == []  # and PAYROLLX_JSON of the same file is read
    assert "PAYROLLX_MIGRATE_DOWNGRADE is set, but not read any more" in done.stderr
    assert "PAYROLLX_MIGRATE_YES is set, but not read any more" in done.stderr
    assert fetch(migrated, "SELECT count(*) FROM auth.users") == 0


def test_a_variable_does_not_either(tmp_path: Path, migrated: DatabaseUrl) -> None:
    environment = {**os.environ, "DATABASE_URL": migrated.plain}
    environment |= {"PAYROLLX_MIGRATE_DOWNGRADE": "base", "PAYROLLX_MIGRATE_YES": "1"}

    done = spawn(("migrate",), environment)

    assert done.returncode == 0
    assert "warning: PAYROLLX_MIGRATE_DOWNGRADE is set" in done.stderr
    assert fetch(migrated, "SELECT count(*) FROM auth.users") == 0


def test_the_command_line_still_says_it(folder: Path, migrated: DatabaseUrl) -> None:
    refused = call(("migrate", "--downgrade", "base"), {"DATABASE_URL": migrated.plain}, folder)
    assert refused.returncode == 2
    assert "add --yes" in refused.stderr

    assert call(("migrate", "--downgrade", "base", "--yes"), {"DATABASE_URL": migrated.plain}, folder).returncode == 0
    assert fetch(migrated, "SELECT to_regclass('auth.users')") is None


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 1, True), ("y", 0, False)])
def test_a_person_at_a_terminal_is_asked(migrated: DatabaseUrl, answer: str, code: int, *, left: bool) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "payrollx_db", "migrate", "--downgrade", "base"]
    environment = {**os.environ, "DATABASE_URL": migrated.plain}
    os.write(master, f"{answer}\n".encode())

    done = subprocess.run(command, stdin=slave, capture_output=True, text=True, env=environment, check=False)

    os.close(slave)
    os.close(master)
    assert done.returncode == code, done.stderr
    assert f"drops tables of {migrated.masked}" in done.stderr
    assert ("nothing was changed" in done.stderr) is left
    assert (fetch(migrated, "SELECT to_regclass('auth.users')") is not None) is left


def test_a_file_does_not_answer_for_a_person(folder: Path, migrated: DatabaseUrl) -> None:
    """Where practice databases would go to a server that isn't the embedded one."""
    done = call(("dev", "legacy", "--url", migrated.plain), {}, folder)

    assert done.returncode == 2
    assert "add --yes" in done.stderr
    assert migrated.masked in done.stderr
    assert "PAYROLLX_DEV_LEGACY_YES is set, but not read any more" in done.stderr
