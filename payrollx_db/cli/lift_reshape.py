"""``payrollx-db lift reshape``."""

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import destructive_option
from payrollx_db.cli.options import as_json
from payrollx_db.cli.render import console
from payrollx_db.lift import project
from payrollx_db.lift.project import Project
from payrollx_db.lift.reshape import file
from payrollx_db.lift.reshape.suggest import Written, counts, write_suggestions

lift_file = click.option(
    "--lift", "lift_file", type=click.Path(dir_okay=False, path_type=Path), default=project.FILE, show_default=True,
    metavar="FILE", envvar="PAYROLLX_LIFT", show_envvar=True, help="The lift.toml of the databases.",
)  # fmt: skip
seconds = click.option(
    "--scan-timeout", "seconds", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True,
    metavar="SECONDS", envvar="PAYROLLX_LIFT_SCAN_TIMEOUT", show_envvar=True,
    help="Seconds for looking at a table; one that takes longer is looked at in a sample.",
)  # fmt: skip


@command(example="payrollx-db lift reshape --lift lift.toml")
@lift_file
@seconds
@destructive_option("--overwrite", is_flag=True, help="Write the file anew, without the answers that stand in it.")
@as_json
def reshape(lift_file: Path, seconds: float, *, overwrite: bool, as_json: bool) -> int:
    """Suggest better shapes for the lifted tables, before the rows come: names, types, indexes, references.

    The suggestions are written into reshape.toml, beside lift.toml, for a person to answer. The databases are only
    read. Called again, it keeps the answers and adds what is new.
    """
    lifted = project.read(lift_file)
    sources = project.endpoints(lifted, os.environ)
    written = asyncio.run(write_suggestions(lifted, sources, overwrite=overwrite, seconds=seconds))
    if as_json:
        console.answer_json(_document(written))
    else:
        _show(written, lifted)
    return 0


def _document(written: Written) -> dict[str, Any]:
    reshape = written.reshape
    return {
        "file": str(written.path),
        "added": written.added,
        "suggestions": [
            {
                "service": entry.service, "table": entry.table, "section": entry.section, "name": entry.name,
                "kind": entry.kind, **entry.values, "taken": reshape.is_taken(entry),
            }
            for entry in reshape.entries.values()
        ],
    }  # fmt: skip


def _show(written: Written, lifted: Project) -> None:
    reshape = written.reshape
    table = console.table(("suggestions", "left"), ("", "right"), ("taken", "right"), ("what", "left"))
    found, taken = counts(list(reshape.entries.values())), counts(reshape.taken)
    for kind, meaning in file.KINDS.items():
        table.add_row(kind, f"{found[kind]:,}", f"{taken[kind]:,}", meaning)
    console.answer_table(table)
    console.note(f"wrote {written.path}, with {written.added:,} new suggestions")
    console.note(f"hint: say yes there to what is to be done, then {lifted.command('lift reshape --apply')}")
