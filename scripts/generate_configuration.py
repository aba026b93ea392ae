"""Write docs/configuration.md from the command line's own options, the layout and the error tree.

What no option says (variables of the embedded server, of the demo, of the tests) stands here as data;
scripts/check_docs.py holds it against the variables that the code really reads.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from payrollx_db import errors
from payrollx_db.cli import INTERRUPTED, cli
from payrollx_db.cli.destructive import DestructiveOption
from payrollx_db.consolidate.endpoints import COMMON, variable
from payrollx_db.errors import PayrollxError
from payrollx_db.legacy import LAYOUT

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"

OPENING = """\
# Configuration

<!-- Made by scripts/generate_configuration.py. Don't edit: change the option, or that script. -->

Every setting is an option, an environment variable, or both. An option wins over its variable. A file `.env` is read as
well, the nearest one from the working directory upwards, as python-dotenv looks for it; real variables win over it.
The option `--debug` and `payrollx-db doctor` name the file. What it can't set: options that destroy, a module of the
working directory, and `PAYROLLX_PG_BIN`, whose programs would be run (a warning says so).

Options that destroy data, or that answer the question before, have no variable: a person says them on the command line.
In the tables below they are marked *said*. A variable by which an earlier version set one, such as
`PAYROLLX_MIGRATE_DOWNGRADE`, `PAYROLLX_MIGRATE_YES` or `PAYROLLX_DEV_BESIDE`, is answered with a warning.

A catalog or a layout that is named as `package.module:name` may lie in the working directory, which is searched after
all else, and only where the name stands on the command line or in a real variable. The file `.env`
can't name one there.

Database URLs may begin with `postgres://`, `postgresql://`, `postgresql+psycopg://`, `postgresql+pg8000://` or
`postgresql+asyncpg://`. Prisma's query parameters are accepted: `schema` names the source schema, the others that only
Prisma knows are ignored. Parameters that libpq knows are passed on. Anything else is refused. A URL is always shown
with `***` for its password.
"""

# Variables that belong to no option: name, who reads it, what for.
OTHERS = (
    (
        "PAYROLLX_PG_BIN",
        "`payrollx-db dev`, the tests",
        "A folder with `postgres`, `initdb` and `pg_ctl`, instead of the wheel's or the machine's own.",
    ),
    (
        "PAYROLLX_DEMO_DIR",
        "`make demo`",
        "Where the demo's server keeps its files; by default beside that of `payrollx-db dev`.",
    ),
    (
        "XDG_DATA_HOME",
        "`payrollx-db dev`, `make demo`",
        "Where a user's data folder is; root's is `/var/lib/payrollx-db`, whatever it says.",
    ),
    ("PAYROLLX_SERVICE", "the facades", "Which service's process this is: it may open no other's facade. Unset: any."),
    (
        "PAYROLLX_QUERY_LOG",
        "`payrollx_db.facade.query_log`",
        "What of the facades' statements is logged, once `query_log.start()` was called: off, errors or statements.",
    ),
    (
        "PAYROLLX_ENVIRONMENT",
        "`payrollx_db.facade.query_log`",
        "Says it where that is unset: in development statements are logged, in production errors.",
    ),
    ("PAYROLLX_POOL_SIZE", "the facades", "How many connections a process keeps open to a database; 5 unless set."),
    ("PAYROLLX_POOL_OVERFLOW", "the facades", "How many more it may open for a moment; 5 unless set."),
    ("PAYROLLX_POOL_TIMEOUT", "the facades", "How many seconds to wait for a free connection; 30 unless set."),
    ("PAYROLLX_POOL_RECYCLE", "the facades", "After how many seconds a connection is made anew; 1800 unless set."),
    ("PAYROLLX_CONNECT_TIMEOUT", "the facades", "How many seconds connecting may take; 10 unless set."),
    (
        "PAYROLLX_TENANT_STALENESS",
        "`payrollx_db.tenants.client`",
        "How many seconds a change of the registry may go unseen at most; 5 unless set.",
    ),
    (
        "PAYROLLX_TENANT_DATABASES",
        "`payrollx_db.tenants.client`",
        "How many databases of tenants that have one of their own are open at once; 100 unless set.",
    ),
    (
        "PAYROLLX_TENANT_IDLE",
        "`payrollx_db.tenants.client`",
        "After how many seconds without a session such a database is closed; 1800 unless set.",
    ),
    (
        "PAYROLLX_TENANT_KEY",
        "`payrollx_db.tenants.client`",
        "A secret of 32 characters or more that proves whose a session is; without it, the server proves it.",
    ),
    (
        "PAYROLLX_TENANT_LISTEN_URL",
        "`payrollx_db.tenants.client`",
        "The registry's database without a pooler, to hear of changes there; by default where the registry is.",
    ),
    (
        "PAYROLLX_STATEMENT_TIMEOUT",
        "the facades too",
        "How long a statement may take, as `30s`; else the server's own.",
    ),
    ("PAYROLLX_LOCK_TIMEOUT", "the facades too", "How long it may wait for a lock, as `5s`; else the server's own."),
    ("PAYROLLX_IDLE_TIMEOUT", "the facades", "How long a transaction may wait for its program; else the server's own."),
    (
        "PAYROLLX_APPLICATION_NAME",
        "the facades too",
        "Their name in `pg_stat_activity`; `payrollx-` and the service, or `payrollx`.",
    ),
    ("POSTGRES_PASSWORD", "`make docker-up`", "The superuser's password of the unified server in a container."),
    (
        "PAYROLLX_MIGRATOR_PASSWORD",
        "`make docker-up`",
        "That of the login `migrator`, which the tool's container uses.",
    ),
    ("LEGACY_PASSWORD", "`docker/compose.yaml`", "The superuser's password of the legacy server in a container."),
    ("UNIFIED_PORT", "`make docker-up`", "The unified server's port on 127.0.0.1; 5432 unless set."),
    ("LEGACY_PORT", "`docker/compose.yaml`", "The legacy server's port on 127.0.0.1; 5433 unless set."),
    (
        "TEST_DATABASE_URL",
        "`make test`",
        "What `--pg` of pytest is unless given: a superuser's URL of a server to test on.",
    ),
    (
        "TEST_PG_BINS",
        "`make test-matrix`, the tests",
        "Folders with the programs of further versions of Postgres, as in a `PATH`.",
    ),
)


def page() -> str:
    """Return the whole page."""
    return "\n".join((OPENING, *_places(), *_exit_codes(), *_commands(), *_others()))


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that does something by itself, with its words, in the order of ``--help``."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not (isinstance(command, click.Group) and not command.invoke_without_command):
            yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def _places() -> Iterator[str]:
    yield "## Where the databases are\n"
    yield "| variable | what it names |\n|---|---|"
    yield "| `DATABASE_URL` | the unified database: the target |"
    yield f"| `{COMMON}` | any database of the server that has the legacy ones, each under its usual name |"
    for database in LAYOUT.databases:
        yield f"| `{variable(database.variable)}` | `{database.name}`, wherever it is and whatever its name is there |"
    yield f"\nA database's own variable wins over `{COMMON}`. Another layout brings variables of its own,"
    yield "`LEGACY_<VARIABLE>_DATABASE_URL`: see [layouts](layouts.md#the-databases).\n"


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "| code | when |\n|---|---|"
    yield "| 0 | Done, and what was to be proven is proven. |"
    for code, said in sorted(_meanings().items()):
        yield f"| {code} | {said} |"
    yield f"| {INTERRUPTED} | Interrupted, by Ctrl-C or SIGTERM. |\n"
    yield "An error is one line on stderr, its details and the next step below it; a traceback only with `--debug`.\n"


def _meanings() -> dict[int, str]:
    """Return what each exit code means, from the docstrings of the error tree: the first class of a code speaks."""
    found: dict[int, str] = {PayrollxError.exit_code: "Any other error."}
    for kind in vars(errors).values():
        if inspect.isclass(kind) and issubclass(kind, PayrollxError) and "exit_code" in vars(kind):
            found.setdefault(kind.exit_code, " ".join((inspect.getdoc(kind) or "").split()))
    return found


def _commands() -> Iterator[str]:
    yield "## Options\n"
    yield "`payrollx-db --help` and `payrollx-db --version` need nothing; `--help` goes with every command.\n"
    yield from _table("payrollx-db", cli)
    for words, command in commands():
        yield from _table(" ".join(("payrollx-db", *words)), command)


def _table(name: str, command: click.Command) -> Iterator[str]:
    yield f"### `{name}`\n"
    if command is not cli:
        yield f"{_first_sentence(command.help or '')}\n"
    with click.Context(command, info_name=name) as context:
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        options = [p for p in command.params if isinstance(p, click.Option) and not _is_shown_elsewhere(p)]
        for argument in arguments:
            word = "Argument" if argument.required else "Optional argument"
            yield f"{word} `{argument.make_metavar(context)}`.\n"
        if options:
            yield "| option | variable | default | what it does |\n|---|---|---|---|"
            yield from (_row(option, context) for option in options)
            yield ""


def _row(option: click.Option, context: click.Context) -> str:
    shown = ", ".join(option.opts)
    said = [option.help or ""]
    if isinstance(option.type, click.IntRange):
        shown += " N"
        said += [f"From {option.type.min}" + (f" to {option.type.max}." if option.type.max is not None else " up.")]
    elif not option.is_flag:
        shown += f" {option.make_metavar(context)}"
    if option.multiple and option.envvar:
        said += ["In the variable, separated by spaces."]
    cells = (f"`{shown}`", _variable(option, context), _default(option), " ".join(said))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _variable(option: click.Option, context: click.Context) -> str:
    if isinstance(option, DestructiveOption):
        return "*said*"
    automatic = re.sub(r"[ -]", "_", f"{context.info_name} {option.name}".removeprefix("payrollx-db ")).upper()
    return f"`{option.envvar or f'PAYROLLX_{automatic}'}`" if option.show_envvar else ""


def _default(option: click.Option) -> str:
    if isinstance(option.show_default, str):
        return option.show_default
    # What Click has where an option has no default isn't always None.
    has_one = isinstance(option.default, str | int | float | bool | Path)
    return f"`{option.default}`" if option.show_default and has_one and not option.multiple else ""


def _is_shown_elsewhere(option: click.Option) -> bool:
    return option.name in ("help", "version")


def _first_sentence(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())


def _others() -> Iterator[str]:
    yield "## Variables that are no option\n"
    yield "| variable | who reads it | what for |\n|---|---|---|"
    yield from (f"| `{name}` | {who} | {what} |" for name, who, what in OTHERS)
    yield ""


def main() -> int:
    """Write the page. Returns the exit code."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
