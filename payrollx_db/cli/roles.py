"""``payrollx-db roles``: the roles and grants of the services, and the logins that have them."""

import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from payrollx_db.catalogs import registry
from payrollx_db.cli import options
from payrollx_db.cli.command import group
from payrollx_db.cli.destructive import destructive_option
from payrollx_db.cli.render import console, findings
from payrollx_db.cli.targets import READ_APART
from payrollx_db.errors import ConfigurationError
from payrollx_db.model.wording import counted

if TYPE_CHECKING:
    from payrollx_db.model.catalog import Catalog
    from payrollx_db.postgres.url import DatabaseUrl
    from payrollx_db.schema.roles.check import Report, RoleState
    from payrollx_db.schema.roles.logins import Login

FINDINGS = 3
DEFAULT_SHOWN = 3  # members of a role in the table; --json has them all

Command = Callable[..., Any]


@group(example="payrollx-db roles --check", invoke_without_command=True)
@options.database_url
@options.catalog
@click.option(
    "--check", is_flag=True, help="List every privilege that is missing or too much, with the SQL that fixes it."
)
@click.option("--sql", is_flag=True, help="Print the roles and grants, for a DBA to run with psql.")
@options.as_json
@click.pass_context
def roles(ctx: click.Context, *, database_url: str | None, catalog: str, check: bool, sql: bool, as_json: bool) -> int:
    """Show each service's role: whether it can log in, its tables, its members.

    Exit code 3 means that --check found a role that may do too much or too little.
    """
    if check and sql:
        raise click.UsageError("--check and --sql exclude each other.")
    if sql and as_json:
        raise click.UsageError("--sql prints SQL, so it does not go with --json.")
    if ctx.invoked_subcommand is not None:
        if check or sql:
            raise click.UsageError(f"--check and --sql don't go with {ctx.invoked_subcommand}.")
        return 0
    known = options.catalog_here(catalog, database_url)
    if sql:
        from payrollx_db.schema.roles import statements

        console.answer(statements.script(known))
        return 0
    return _check(options.unified_database(database_url), known, check=check, as_json=as_json)


def _check(url: "DatabaseUrl", catalog: "Catalog", *, check: bool, as_json: bool) -> int:
    from payrollx_db.schema.roles.check import check as look

    report = look(url, catalog)
    if as_json:
        console.answer_json(document(report) | {"reads_absent": _reads_absent(report, catalog)})
    elif check:
        _show_findings(report, catalog)
    else:
        _show_roles(report, catalog)
    return FINDINGS if check and report.findings else 0


def document(report: "Report") -> dict[str, Any]:
    """Return what the check saw as plain data, for ``--json``."""
    return {
        "roles": [asdict(state) for state in report.roles],
        "checked": report.checked,
        "absent": list(report.absent),
        "findings": [findings.role_document(finding) for finding in report.findings],
    }


def _show_findings(report: "Report", catalog: "Catalog") -> None:
    findings.show(report.findings)
    _note_absent(report, catalog)
    checked = f"{report.checked:,} privileges of {len(report.roles)} roles checked"
    if not report.findings:
        console.answer(f"{checked}: each role may do what its service needs, and no more.")
        return
    console.answer(f"\n{checked}: {counted(len(report.findings), 'finding')}.")


def _show_roles(report: "Report", catalog: "Catalog") -> None:
    table = console.table(
        ("role", "left"), ("logs in", "left"), ("schema", "left"), ("tables", "right"), ("members", "left")
    )
    for state in report.roles:
        table.add_row(*(Text(cell) for cell in _cells(state, state.service in report.absent)))
    console.answer_table(table)
    _note_absent(report, catalog)
    if report.findings:
        console.note(f"{counted(len(report.findings), 'finding')}: payrollx-db roles --check lists them")


def _cells(state: "RoleState", absent: bool) -> tuple[str, ...]:
    logs_in = ("yes" if state.logs_in else "no") if state.exists else "no such role"
    tables = "not here" if absent else f"{state.tables_ok} of {state.tables}"
    members = ", ".join(state.members[:DEFAULT_SHOWN])
    if len(state.members) > DEFAULT_SHOWN:
        members += f" and {len(state.members) - DEFAULT_SHOWN} more"
    return state.role, logs_in, state.schema or "all", tables, members


def _note_absent(report: "Report", catalog: "Catalog") -> None:
    if report.absent:
        console.note(f"not checked, because they are not in this database: {', '.join(report.absent)}")
    reads = _reads_absent(report, catalog)
    for table, readers in reads.items():
        console.note(f"{table} is not in this database, and can't be read by {', '.join(readers)}")
    if reads:
        console.note(f"hint: {READ_APART}; {catalog.command('placement')} shows who is where")


def _reads_absent(report: "Report", catalog: "Catalog") -> dict[str, list[str]]:
    """Return the tables that services here may read and that are in no schema of this database, each with those."""
    here = [service for service in catalog.services if service.name not in report.absent]
    tables = sorted({table for service in here for table in service.reads})
    away = [table for table in tables if catalog.owner(table) not in here]
    return {table: [service.name for service in here if table in service.reads] for table in away}


def _of_login(command: Command) -> Command:
    """Add what both `login` and `nologin` take. Database and catalog may stand before the word as well."""
    add: list[Callable[[Command], Command]] = [
        options.as_json,
        destructive_option("--name", metavar="NAME", help="Use a login of this name in the role, not the role itself."),
        options.or_lift(
            click.option(
                "--catalog",
                metavar="NAME",
                envvar="PAYROLLX_CATALOG",
                callback=options.choose_catalog,
                help="Catalog of the unified database.",
            )
        ),
        options.database_url,
        click.argument("service", metavar="SERVICE"),
    ]
    for decorate in add:
        command = decorate(command)
    return command


@roles.command(
    short_help="Let a service's role log in.", example="payrollx-db roles login auth --password-env AUTH_PASSWORD"
)
@_of_login
@click.option(
    "--password-env", metavar="VARIABLE", help="Environment variable that holds the password; without it you are asked."
)
@click.pass_context
def login(
    ctx: click.Context,
    *,
    service: str,
    database_url: str | None,
    catalog: str | None,
    name: str | None,
    password_env: str | None,
    as_json: bool,
) -> None:
    """Let SERVICE's role log in. The login is the role itself, so RESET ROLE gives it nothing more.

    A second call changes the password. The password is hashed here; it is never shown, logged or sent.
    """
    from payrollx_db.schema.roles import logins

    url, known = _place(ctx, database_url, catalog, service)
    _answer(ctx, logins.allow(url, known, service, _password(password_env), name=name), as_json=as_json)


@roles.command(short_help="Take back what login did.", example="payrollx-db roles nologin auth")
@_of_login
@click.pass_context
def nologin(
    ctx: click.Context,
    *,
    service: str,
    database_url: str | None,
    catalog: str | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Take back what login did: SERVICE's role can't log in any more, and has no password.

    With --name, that login is dropped. Open sessions stay open.
    """
    from payrollx_db.schema.roles import logins

    url, known = _place(ctx, database_url, catalog, service)
    _answer(ctx, logins.forbid(url, known, service, name=name), as_json=as_json)


def _place(
    ctx: click.Context, database_url: str | None, catalog: str | None, service: str
) -> "tuple[DatabaseUrl, Catalog]":
    above = ctx.parent.params if ctx.parent else {}
    known = registry.find(catalog or above["catalog"])
    options.named_service(known, service)
    return options.unified_database(database_url or above["database_url"]), known


def _password(variable: str | None) -> str:
    if variable is not None:
        if not os.environ.get(variable):
            raise ConfigurationError(f"the variable {variable} is not set", hint="set it to the password")
        return os.environ[variable]
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "there is no terminal to ask for the password", hint="name a variable that holds it with --password-env"
        )
    answer: str = click.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _answer(ctx: click.Context, login: "Login", *, as_json: bool) -> None:
    if as_json or (ctx.parent and ctx.parent.params["as_json"]):
        console.answer_json(asdict(login) | {"is_role": login.is_role})
        return
    if not login.logs_in:
        console.note(f"{login.name} can't log in any more" if login.is_role else f"dropped the login {login.name}")
        return
    console.note(f"{login.name} can log in, and is the role of {login.service}" if login.is_role else
                 f"{login.name} can log in, and is a member of {login.role} and of nothing else")  # fmt: skip
