"""The command line: it translates options into calls of the library, and results into words.

Commands are imported when they are called, so that ``payrollx-db --help`` and completion stay quick.
"""

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click

from payrollx_db import __version__, signals
from payrollx_db.cli import environment
from payrollx_db.cli.command import LazyGroup
from payrollx_db.cli.render import console
from payrollx_db.errors import PayrollxError

# Each command: where it is, and what it does.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Consolidation": {
        "plan": ("payrollx_db.cli.plan:plan", "Show what would be copied where, and what is unaccounted for."),
        "check": ("payrollx_db.cli.check:check", "Find data that would not fit, before copying."),
        "copy": ("payrollx_db.cli.copy:copy", "Copy the legacy databases into the unified one."),
        "follow": ("payrollx_db.cli.follow:follow", "Bring over what services go on writing, until they move."),
        "verify": ("payrollx_db.cli.verify:verify", "Prove that both sides hold the same rows."),
        "status": ("payrollx_db.cli.status:status", "Show the runs that the unified database has recorded."),
        "cutover": ("payrollx_db.cli.cutover:cutover", "Let services write to the unified database from now on."),
        "rollback": ("payrollx_db.cli.rollback:rollback", "Let services write to their legacy databases again."),
        "complete": ("payrollx_db.cli.complete:complete", "Remove what following and the cutover have made."),
        "report": ("payrollx_db.cli.report:report", "Write the report of a run as a page to sign, or check one."),
        "abandon": ("payrollx_db.cli.abandon:abandon", "Give up an unfinished run, and leave its rows as they are."),
        "quarantine": ("payrollx_db.cli.quarantine:quarantine", "List the quarantined rows, and retry them."),
        "draft": ("payrollx_db.cli.draft:draft", "Write a Python project from a database that has the schemas."),
    },
    "Any databases": {
        "lift": ("payrollx_db.cli.lift:lift", "Carry databases over as they are, each schema as a service."),
    },
    "Schema and roles": {
        "migrate": ("payrollx_db.cli.migrate:migrate", "Create or change the schemas, tables and roles."),
        "roles": ("payrollx_db.cli.roles:roles", "Show, check or print the roles and grants."),
    },
    "Operations": {
        "doctor": ("payrollx_db.cli.doctor:doctor", "Examine the databases, and say what to do about each problem."),
        "metrics": ("payrollx_db.cli.metrics:metrics", "Print or serve doctor's measurements as Prometheus metrics."),
        "placement": ("payrollx_db.cli.placement:placement", "Show which database each service is in."),
        "pool-budget": ("payrollx_db.cli.pool_budget:pool_budget", "Compute how large each service's pool may be."),
        "tenant": ("payrollx_db.cli.tenant:tenant", "Make, list, migrate, suspend, export or drop tenants."),
        "service": ("payrollx_db.cli.service:service", "Back up, restore, export, import or drop one service."),
    },
    "Development": {
        "dev": ("payrollx_db.cli.dev:dev", "Run a throw-away Postgres for trying things out."),
        "completion": ("payrollx_db.cli.completion:completion", "Print the shell's completion script."),
    },
}

SETTINGS = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "PAYROLLX"}
INTERRUPTED = signals.INTERRUPTED


@click.group(cls=LazyGroup, sections=SECTIONS, context_settings=SETTINGS, example="payrollx-db copy --dry-run")
@click.version_option(__version__, prog_name="payrollx-db")
@click.option("--debug", is_flag=True, envvar="PAYROLLX_DEBUG", help="Show tracebacks.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, is_eager=True,
              expose_value=False, callback=lambda _ctx, _param, value: console.json_logs(enabled=value == "json"),
              envvar="PAYROLLX_LOG_FORMAT", show_envvar=True,
              help="Write text for people to stderr, or one JSON document a line.")  # fmt: skip
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """Consolidate many Postgres databases into one, with one schema a service: planned, copied and verified.

    Settings come from options, else from the environment, else from a file .env in this folder or the nearest
    one above (--debug names it). What destroys data is read from the command line only.

    Exit codes: 0 done and proven; 1 error; 2 usage; 3 the data has findings; 4 a source can't be read; 5 the
    target can't be written; 6 the recorded state forbids it; 130 interrupted.
    """
    import logging

    ctx.obj = {"debug": debug}
    # The drivers' own warnings would land between our lines; what matters of them comes as an exception.
    logging.getLogger().addHandler(logging.NullHandler())


def main(args: list[str] | None = None) -> Any:
    """Run the command line and exit: the entry point of ``payrollx-db``."""
    code = INTERRUPTED
    console.print_anything()
    if sys.platform == "win32":  # whose own event loop can't wait for psycopg's sockets
        import asyncio

        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    try:
        signals.end_as_interrupted()
        code = _run(sys.argv[1:] if args is None else args)
    except (KeyboardInterrupt, click.Abort):
        console.problem("interrupted")
    except PayrollxError as error:  # a file .env that can't be read
        console.error(error)
        code = error.exit_code
    except OSError as error:
        from payrollx_db.files import NO_ROOM

        if error.errno not in NO_ROOM:
            raise
        console.error(_no_room(error))
        code = PayrollxError.exit_code
    except BaseException as error:
        if not _is_cancellation(error):
            raise
        console.problem("interrupted")
    if args is None:
        signals.finish()
        console.leave_unwritten()
    sys.exit(code)


def _is_cancellation(error: BaseException) -> bool:
    """Tell whether it is asyncio's word for an interruption, where it doesn't know whose; imports nothing for that."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and isinstance(error, asyncio.CancelledError)


def _run(arguments: list[str]) -> int:
    """Run the command line and return its exit code. Raises KeyboardInterrupt or Abort where it is interrupted."""
    file = environment.load_file()
    # Also for what is said before the options are understood, such as that one isn't.
    if os.environ.get("PAYROLLX_LOG_FORMAT") == "json" or "json" in _values(arguments, "--log-format"):
        console.json_logs(enabled=True)
    if file and ("--debug" in arguments or os.environ.get("PAYROLLX_DEBUG")):
        console.note(f"settings are read from {file}")
    try:
        code = cli.main(arguments, prog_name="payrollx-db", standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        raise
    except click.ClickException as error:
        console.usage_error(error)
        return error.exit_code
    except PayrollxError as error:
        if "--debug" in arguments or os.environ.get("PAYROLLX_DEBUG"):
            console.trace(error)
        console.error(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader (head, a pager) has gone; whatever was asked for has been delivered as far as wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0


def _no_room(error: OSError) -> PayrollxError:
    """Say what couldn't be written: no file has a name here when it is stdout's."""
    message = f"can't write {error.filename or 'the answer to stdout'}: {error.strerror}"
    return PayrollxError(message, hint="make room there, then run the same command again; what it did stays done")


def _values(arguments: Sequence[str], option: str) -> set[str]:
    """Return what is given for ``option``, as far as it can be seen without parsing."""
    after = {value for name, value in pairwise(arguments) if name == option}
    return after | {text.partition("=")[2] for text in arguments if text.startswith(f"{option}=")}
