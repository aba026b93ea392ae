"""``payrollx-db lift schema``."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from payrollx_db.backup.clients import Clients
from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.render import console
from payrollx_db.devserver.programs import folders
from payrollx_db.errors import FindingsError
from payrollx_db.lift import lock as locks
from payrollx_db.lift import project
from payrollx_db.lift.schema.model import Lifted, Outcome
from payrollx_db.lift.schema.project_schemas import lift_schemas
from payrollx_db.model.wording import counted

file = click.option(
    "--lift", "file", type=click.Path(dir_okay=False, path_type=Path), default=project.FILE, show_default=True,
    metavar="FILE", envvar="PAYROLLX_LIFT", help="The project: what becomes of each database.",
)  # fmt: skip
services = click.option(
    "--service", "services", multiple=True, metavar="NAME", envvar="PAYROLLX_SERVICES",
    help="Only this service; repeat the option for several.",
)  # fmt: skip
dry_run = click.option(
    "--dry-run", is_flag=True, envvar="PAYROLLX_DRY_RUN",
    help="Do it and undo it: print the SQL that would run, and change nothing.",
)  # fmt: skip


stop = click.option(
    "--stop-at-failure", "stop", is_flag=True, envvar="PAYROLLX_STOP_AT_FAILURE",
    help="Stop where a database fails, instead of going on with the others.",
)  # fmt: skip


@command(example="payrollx-db lift schema --lift lift.toml --dry-run")
@file
@options.database_url
@services
@dry_run
@stop
@options.as_json
def schema(
    file: Path, database_url: str | None, services: tuple[str, ...], *, dry_run: bool, stop: bool, as_json: bool
) -> int:
    """Make the schemas of the databases in the target: everything in them as it is, without rows.

    Each database is one transaction: what fails, or is interrupted, leaves nothing of that one, and the others are
    made. A source that has changed since lift.lock was written isn't lifted. pg_dump reads the sources, so the client
    programs of Postgres have to be there. A schema that was lifted before is left as it is.

    Exit code 3 means that some of several databases failed.
    """
    lifted = project.read(file)
    target = options.unified_database(database_url)
    before = locks.read(lifted)
    outcomes: list[Outcome] = []
    for outcome in lift_schemas(
        lifted, target, services, os.environ, find_clients, _note, dry_run=dry_run, before=before,
        stop_at_failure=stop,
    ):  # fmt: skip
        outcomes.append(outcome)
        if not as_json:
            _show(outcome, dry_run=dry_run)
    if len(outcomes) == 1:
        raise_failures(outcomes)
    schemas = [one for outcome in outcomes for one in outcome.schemas]
    if as_json:
        statements = [text for outcome in outcomes for text in outcome.statements]
        console.answer_json(
            {"schemas": [one.document() for one in schemas], **({"statements": statements} if dry_run else {})}
        )
    elif not dry_run:
        _sum_up(schemas, lifted)
    raise_failures(outcomes)
    return 0


def raise_failures(outcomes: Sequence[Outcome]) -> None:
    """Raise one error for the databases that failed, where there are any: of a single one, its own."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    if errors and len(outcomes) == 1:
        raise errors[0]
    if errors:
        raise FindingsError(
            f"{len(errors)} of {counted(len(outcomes), 'database')} weren't lifted, and nothing is left of them;"
            " the others are there",
            details=tuple(line for error in errors for line in (error.message, *error.details)),
            hint="; ".join(dict.fromkeys(error.hint for error in errors if error.hint))
            or "run the same command again: it does what is left",
        )


def find_clients(version: int) -> Clients:
    """Return pg_dump and pg_restore for a server's version number. Raises ConfigurationError where none fits."""
    return Clients.find(version, folders())


def _note(source: str, step: str) -> None:
    console.note(f"{source}: {step}")


def _show(outcome: Outcome, *, dry_run: bool) -> None:
    if dry_run:
        for text in (outcome.statements and ("BEGIN;", *outcome.statements, "COMMIT;")) or ():
            console.answer(text if text.rstrip().endswith(";") else f"{text};")
    for one in outcome.schemas:
        for note in one.notes:
            console.warning(f"{one.move.schema}: {note}")


def _sum_up(schemas: Sequence[Lifted], lifted: project.Project) -> None:
    table = console.table(
        ("source", "left"), ("schema", "left"), ("tables", "right"), ("other objects", "right"), ("", "left")
    )
    for one in schemas:
        tables = one.objects.get("table", 0)
        others = sum(one.objects.values()) - tables
        counts = (f"{tables:,}", f"{others:,}") if one.changed else ("", "")
        what = "failed" if one.error else "" if one.changed else "was lifted before"
        table.add_row(one.move.source, one.move.schema, *counts, what)
    console.answer_table(table)
    if any(one.error for one in schemas):
        return
    if any(one.changed for one in schemas):
        console.note(f"hint: {lifted.command('plan')} shows what would be copied")
    else:
        console.answer("nothing to do: every schema is there already")
