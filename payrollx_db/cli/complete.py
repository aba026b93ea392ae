"""``payrollx-db complete``."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import confirm, destructive_option, same_servers, yes
from payrollx_db.cli.options import as_json, events
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, switches
from payrollx_db.cli.signing import key_file, key_or_new
from payrollx_db.cli.task import task_options
from payrollx_db.consolidate import moving
from payrollx_db.consolidate.planner import Task
from payrollx_db.files import write_whole
from payrollx_db.model.events import Observer
from payrollx_db.report import moved

LEFT = 3


@command(example="payrollx-db complete --yes")
@task_options
@destructive_option(
    "--unfence", is_flag=True, help="Let the legacy databases take writes again: nothing follows them any more."
)
@destructive_option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what was done, signed, in place of what FILE holds: stages, stops, keys, proofs, stuck rows.",
)
@key_file
@same_servers
@yes
@events
@as_json
def complete(
    make_task: Callable[[Observer], Task],
    *,
    unfence: bool,
    report: Path | None,
    key_file: Path | None,
    same_server: tuple[str, ...],
    yes: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """End it: remove slots, publications and what else was made on the databases. There is no way back after this.

    The legacy databases stay as they are, and refuse writes. Exit code 3 means that something could not be removed;
    each is named.
    """
    with showing(events) as observer:
        task = replace(make_task(observer), same_servers=same_server)
        confirm("the legacy databases don't follow any more after this, so there is no rollback", yes=yes)
        key = key_or_new(key_file, report.absolute()) if report else None
        switched = asyncio.run(moving.complete(task, unfence=unfence))
        if report and key:
            document = asyncio.run(moved.read(task.target, switched.databases, switched.left))
            write_whole(report, moved.signed(document, key))
            console.note(f"wrote {report}; payrollx-db report --check {report} tells whether it was edited")
    console.answer_json(switched.document()) if as_json else switches.show_switched(switched)
    return LEFT if switched.left else 0
