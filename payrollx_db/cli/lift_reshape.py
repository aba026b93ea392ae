"""``payrollx-db lift reshape``."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import destructive_option
from payrollx_db.cli.options import as_json, database_url, unified_database
from payrollx_db.cli.render import console
from payrollx_db.errors import ConfigurationError
from payrollx_db.lift import project
from payrollx_db.lift.project import Project
from payrollx_db.lift.reshape import file
from payrollx_db.lift.reshape.apply import apply as apply_reshape
from payrollx_db.lift.reshape.file import Entry, Reshape
from payrollx_db.lift.reshape.steps import LEAVE_OUT, Stage
from payrollx_db.lift.reshape.suggest import Written, counts, write_suggestions
from payrollx_db.postgres.session import Endpoint

FINDINGS = 3

lift_file = click.option(
    "--lift", "lift_file", type=click.Path(dir_okay=False, path_type=Path), default=project.FILE, show_default=True,
    metavar="FILE", envvar="PAYROLLX_LIFT", show_envvar=True, help="The lift.toml of the databases.",
)  # fmt: skip
seconds = click.option(
    "--scan-timeout", "seconds", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True,
    metavar="SECONDS", envvar="PAYROLLX_LIFT_SCAN_TIMEOUT", show_envvar=True,
    help="Seconds for looking at a table; one that takes longer is looked at in a sample.",
)  # fmt: skip
services = click.option(
    "--service", "services", multiple=True, metavar="NAME", envvar="PAYROLLX_SERVICES", show_envvar=True,
    help="With --apply: only this service; repeat the option for several.",
)  # fmt: skip


@command(example="payrollx-db lift reshape --lift lift.toml")
@lift_file
@database_url
@services
@seconds
@destructive_option("--apply", "applied", is_flag=True,
                    help="Do what is taken in the file to the lifted schemas, which must be empty.")  # fmt: skip
@click.option("--dry-run", is_flag=True, envvar="PAYROLLX_LIFT_DRY_RUN", show_envvar=True,
              help="With --apply: print the SQL; it is tried in the database, and taken back.")  # fmt: skip
@click.option("--lock-timeout", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True,
              metavar="SECONDS", envvar="PAYROLLX_LIFT_LOCK_TIMEOUT", show_envvar=True,
              help="With --apply: seconds that it may wait for a lock of somebody else.")  # fmt: skip
@destructive_option("--overwrite", is_flag=True, help="Write the file anew, without the answers that stand in it.")
@as_json
def reshape(
    lift_file: Path,
    database_url: str | None,
    services: tuple[str, ...],
    seconds: float,
    *,
    applied: bool,
    dry_run: bool,
    lock_timeout: float,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Suggest better shapes for the lifted tables, before the rows come: names, types, indexes, references.

    The suggestions are written into reshape.toml, beside lift.toml, for a person to answer. The databases are only
    read. Called again, it keeps the answers and adds what is new. With --apply, what is taken is done to the lifted
    schemas: all of a service or nothing. Exit code 3 means that the database refuses some of it.
    """
    named = click.get_current_context().get_parameter_source("services") is ParameterSource.COMMANDLINE
    if (dry_run or named) and not applied:
        raise ConfigurationError("--dry-run and --service go with --apply", hint="add --apply")
    if applied and overwrite:
        raise ConfigurationError("--overwrite writes suggestions, and --apply does what is taken", hint="leave one out")
    lifted = project.read(lift_file)
    if applied:
        url = unified_database(database_url)
        settings = {"lock_timeout": f"{int(lock_timeout * 1000)}ms"}
        target = Endpoint(url, "target", url.dbname, settings=settings)
        return _apply(lifted, target, services, dry_run=dry_run, as_json=as_json)
    sources = project.endpoints(lifted, os.environ)
    written = asyncio.run(write_suggestions(lifted, sources, overwrite=overwrite, seconds=seconds))
    if as_json:
        console.answer_json(_document(written))
    else:
        _show(written, lifted)
    return 0


# --- private -----------------------------------------------------------------------------------------------------


def _apply(lifted: Project, target: Endpoint, services: tuple[str, ...], *, dry_run: bool, as_json: bool) -> int:
    path = file.beside(lifted.path)
    if not path.exists():
        raise ConfigurationError(f"there is no {path}", hint=f"{lifted.command('lift reshape')} writes it")
    stages = asyncio.run(apply_reshape(lifted, file.read(path), target, services=services, dry_run=dry_run))
    if as_json:
        console.answer_json({"dry_run": dry_run, "transactions": [_of_stage(stage) for stage in stages]})
    else:
        _show_stages(stages, dry_run=dry_run)
    return FINDINGS if any(stage.refusals for stage in stages) else 0


def _document(written: Written) -> dict[str, Any]:
    reshape = written.reshape
    return {
        "file": str(written.path),
        "added": written.added,
        "suggestions": [_of_entry(reshape, entry) for entry in reshape.entries.values()],
    }


def _of_entry(reshape: Reshape, entry: Entry) -> dict[str, Any]:
    place = {"table": entry.table, "section": entry.section, "name": entry.name}
    # A reference has a service and a table of its own, which it points at.
    return {
        "service": entry.service,
        **place,
        "kind": entry.kind,
        "values": entry.values,
        "taken": reshape.is_taken(entry),
    }


def _of_stage(stage: Stage) -> dict[str, Any]:
    return {
        "service": stage.name or None,
        "done": [] if stage.refusals else [str(entry) for entry in stage.done],
        "already": [str(entry) for entry in stage.already],
        "refused": [{"what": refusal.what, "reason": refusal.reason} for refusal in stage.refusals],
        "skipped": stage.skipped,
        "statements": [] if stage.refusals else stage.statements,
    }


def _show(written: Written, lifted: Project) -> None:
    reshape = written.reshape
    table = console.table(("suggestions", "left"), ("", "right"), ("taken", "right"), ("what", "left"))
    found, taken = counts(list(reshape.entries.values())), counts(reshape.taken)
    for kind, meaning in file.KINDS.items():
        table.add_row(kind, f"{found[kind]:,}", f"{taken[kind]:,}", meaning)
    console.answer_table(table)
    console.note(f"wrote {written.path}, with {written.added:,} new suggestions")
    console.note(f"hint: say yes there to what is to be done, then {lifted.command('lift reshape --apply')}")


def _show_stages(stages: Sequence[Stage], *, dry_run: bool) -> None:
    for stage in stages:
        name = stage.name or "between services"
        for line in stage.skipped:
            console.warning(f"{line}: left out")
        if stage.refusals:
            console.problem(f"{name}: {len(stage.refusals)} refused, so nothing of it was changed")
            for refusal in stage.refusals:
                console.note(f"  {refusal.what}: {refusal.reason}")
        elif dry_run:
            console.answer(f"-- {name}")
            for statement in stage.statements:
                console.answer(statement)
        else:
            console.answer(f"{name}: {len(stage.done):,} done, {len(stage.already):,} were so already")
    if any(stage.refusals for stage in stages):
        console.note(f"hint: {LEAVE_OUT}")
    elif dry_run:
        console.note("the database took all of it, and it was taken back: nothing was changed")
