"""The command line: it translates options into calls of the library, and results into words.

Commands are imported when they are called, so that ``payrollx-db --help`` and completion stay quick.
"""

import importlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click

from payrollx_db import __version__
from payrollx_db.cli.render import console
from payrollx_db.errors import PayrollxError

COMMANDS = {
    "migrate": (
        "payrollx_db.cli.migrate:migrate",
        "Create or change the unified database's schemas, tables and roles.",
    ),
    "roles": ("payrollx_db.cli.roles:roles", "The walls in Postgres: show them, prove them, print them."),
    "plan": ("payrollx_db.cli.plan:plan", "Show what would be copied, and what is unaccounted for."),
    "check": ("payrollx_db.cli.check:check", "Find what the copy could not carry over, before a byte moves."),
    "copy": ("payrollx_db.cli.copy:copy", "Copy the legacy databases into the unified one."),
    "verify": ("payrollx_db.cli.verify:verify", "Prove that both sides hold the same."),
    "status": ("payrollx_db.cli.status:status", "Show the runs recorded in the unified database."),
    "doctor": ("payrollx_db.cli.doctor:doctor", "Examine the databases: what is wrong, where, and what to do."),
    "metrics": ("payrollx_db.cli.metrics:metrics", "Print or serve the same for Prometheus."),
    "placement": ("payrollx_db.cli.placement:placement", "Show which database each service is in."),
    "pool-budget": ("payrollx_db.cli.pool_budget:pool_budget", "Work out how large each service's pool may be."),
    "report": (
        "payrollx_db.cli.report:report",
        "Report what a run did, as a page to sign; check one.",
    ),
    "quarantine": ("payrollx_db.cli.quarantine:quarantine", "Look at the rows that were kept out, and try them again."),
    "service": (
        "payrollx_db.cli.service:service",
        "Back a service up, restore it, hand it over, take it back.",
    ),
    "dev": ("payrollx_db.cli.dev:dev", "A throw-away Postgres for trying things out."),
    "completion": ("payrollx_db.cli.completion:completion", "Print the shell's completion script."),
}

INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click says the name
        """Return the commands in the order in which one needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command, or ``None`` where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        _show_variables(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "PAYROLLX"})
@click.version_option(__version__, prog_name="payrollx-db")
@click.option("--debug", is_flag=True, envvar="PAYROLLX_DEBUG", show_envvar=True, help="Show tracebacks.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, is_eager=True,
              expose_value=False, callback=lambda _ctx, _param, value: console.json_logs(wanted=value == "json"),
              envvar="PAYROLLX_LOG_FORMAT", show_envvar=True,
              help="What goes to stderr: words for people, or a JSON document a line.")  # fmt: skip
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """Many Postgres databases into one, a schema a service: planned, copied, verified.

    Settings come from options, else from the environment, else from a .env file in this folder.
    Exit codes: 0 done and proven; 1 error; 2 usage; 3 the data has findings; 4 a source can't be
    read; 5 the target can't be written; 6 the recorded state forbids it; 130 interrupted.
    """
    ctx.obj = {"debug": debug}


def main(args: list[str] | None = None) -> Any:
    """Run the command line and exit: the entry point of ``payrollx-db``."""
    _load_dotenv()
    # The drivers' own warnings would land between our lines; what matters of them comes as an exception.
    logging.getLogger().addHandler(logging.NullHandler())
    signal.signal(signal.SIGTERM, _end)
    arguments = sys.argv[1:] if args is None else args
    # Also for what is said before the options are understood, such as that one isn't.
    if os.environ.get("PAYROLLX_LOG_FORMAT") == "json" or "json" in _values(arguments, "--log-format"):
        console.json_logs(wanted=True)
    try:
        code = cli.main(arguments, prog_name="payrollx-db", standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        console.usage_error(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        console.problem("interrupted")
        sys.exit(INTERRUPTED)
    except PayrollxError as error:
        if "--debug" in arguments or os.environ.get("PAYROLLX_DEBUG"):
            console.trace(error)
        console.error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader (head, a pager) has gone; whatever was asked for has been delivered as far as wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _values(arguments: Sequence[str], option: str) -> set[str]:
    """Return what is given for ``option``, as far as it can be seen without parsing."""
    after = {value for name, value in pairwise(arguments) if name == option}
    return after | {text.partition("=")[2] for text in arguments if text.startswith(f"{option}=")}


def _show_variables(command: click.Command) -> None:
    """Show each option's environment variable: its own, or PAYROLLX_<COMMAND>_<OPTION>."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.show_envvar = True
    for member in command.commands.values() if isinstance(command, click.Group) else ():
        _show_variables(member)


def _end(*_: object) -> None:
    """Do what Ctrl-C does: stop, record it, close the sessions. Also where a shell has us ignore Ctrl-C itself."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def _load_dotenv() -> None:
    from dotenv import load_dotenv

    load_dotenv(".env", override=False)
