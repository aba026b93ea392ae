"""Help: under headings, with an example a command, as wide as the terminal, plain when piped, and quick."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from check_docs import _refused as refused
from check_docs import invocations
from command_line import call

from payrollx_db.cli import SECTIONS, cli

PROGRAM = str(Path(sys.executable).parent / "payrollx-db")


def commands(group: click.Group = cli, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yield every command and every group, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*words, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))


COMMANDS = dict(commands())


def help_of(*words: str, columns: int | None = None) -> str:
    environment = {"COLUMNS": str(columns)} if columns else {}
    done = call((*words, "--help"), environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_command_stands_under_a_heading() -> None:
    text = help_of()

    headings = [line.rstrip(":") for line in text.splitlines() if re.fullmatch(r"[A-Z][a-z ]+:", line)]
    assert headings == ["Options", *SECTIONS, "Example"]
    listed = [name for section in SECTIONS.values() for name in section]
    assert [line.split()[0] for line in text.splitlines() if re.match(r"  [a-z][a-z-]+ +[A-Z]", line)] == listed
    assert set(listed) == {name for name in COMMANDS if " " not in name}


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_an_example_that_the_command_line_takes(words: str) -> None:
    example = str(getattr(COMMANDS[words], "example", ""))

    (arguments,) = invocations(example)
    assert " ".join(arguments).startswith(words)
    assert refused(arguments) == ""
    assert f"Example:\n  {example}" in help_of(*words.split())


@pytest.mark.parametrize("words", ["", *COMMANDS])
def test_help_is_plain_sentences_of_80_columns_where_it_is_piped(words: str) -> None:
    text = help_of(*words.split())

    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines() if "payrollx-db" not in line) <= 80
    command = COMMANDS.get(words, cli)
    assert re.match(r"[A-Z]", command.help or "")
    for option in command.params:
        if isinstance(option, click.Option):
            assert (option.help or "").rstrip("]").endswith((".", "?")), f"{option.opts} has no sentence"


@pytest.mark.parametrize("columns", [80, 200])
def test_help_is_as_wide_as_the_terminal(columns: int) -> None:
    widest = max(len(line) for line in help_of("copy", columns=columns).splitlines())

    assert columns - 25 < widest <= columns


def test_help_is_coloured_in_a_terminal() -> None:
    """With no variable that says so: the program sees that it writes to one."""
    master, slave = pty.openpty()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen([PROGRAM, "--help"], stdout=slave, env=kept | {"TERM": "xterm-256color"}) as program:
        os.close(slave)
        shown = b""
        while block := _read(master):
            shown += block
        assert program.wait() == 0
    os.close(master)
    assert b"\x1b[" in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def test_help_imports_no_command() -> None:
    script = (
        "import sys; sys.argv = ['payrollx-db', '--help']\nfrom payrollx_db.cli import main\ntry: main()\nfinally:\n"
    )
    script += (
        "    print(*(m for m in sys.modules if m.startswith(('payrollx_db.', 'sqlalchemy', 'psycopg', 'alembic'))))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.splitlines()[-1].split())
    cli = {"payrollx_db.cli", "payrollx_db.cli.command", "payrollx_db.cli.environment", "payrollx_db.cli.help"}
    below = {"payrollx_db.cli.render", "payrollx_db.cli.render.console", "payrollx_db.errors", "payrollx_db.signals"}
    assert loaded <= cli | below


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (("cpoy",), "Did you mean 'copy'?"),
        (("pool-buget",), "Did you mean 'pool-budget'?"),
        (("service", "restor"), "Did you mean 'restore'?"),
        (("copy", "--restrt"), "Did you mean '--restart'?"),
        (("--debgu",), "Did you mean '--debug'?"),
    ],
)
def test_the_nearest_name_is_suggested(arguments: tuple[str, ...], suggestion: str) -> None:
    done = call(arguments, {})

    assert (done.returncode, done.stdout) == (2, "")
    assert suggestion in done.stderr.splitlines()[0]
    assert done.stderr.startswith("payrollx-db: ")
    assert re.search(r"\n  hint: payrollx-db.* --help\n$", done.stderr)


def test_what_is_like_nothing_gets_no_suggestion() -> None:
    assert "Did you mean" not in call(("xyzzy",), {}).stderr
