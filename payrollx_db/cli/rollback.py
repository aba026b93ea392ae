"""``payrollx-db rollback``."""

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
from payrollx_db.cli.switch_options import limit_options, telling_options
from payrollx_db.cli.task import policy_options, task_options
from payrollx_db.consolidate import moving
from payrollx_db.consolidate.cutover.clients import Telling
from payrollx_db.consolidate.cutover.switching import Limits
from payrollx_db.consolidate.planner import Task
from payrollx_db.model.events import Observer

REFUSED = 3


@command(example="payrollx-db rollback --service auth")
@task_options
@policy_options
@limit_options
@telling_options
@destructive_option(
    "--leave-stuck",
    is_flag=True,
    help="Go back although rows can't: what the unified database has of them stays there alone.",
)
@same_servers
@yes
@click.option(
    "--dry-run", is_flag=True, help="Measure the lag, predict the stop, name who is in the way, and change nothing."
)
@events
@as_json
def rollback(
    make_task: Callable[[Observer], Task],
    *,
    limits: Limits,
    telling: Telling,
    leave_stuck: bool,
    same_server: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """Let services write to their legacy databases again: all that they wrote since the cutover is there.

    Or undo a cutover that was begun and not finished. An interrupted rollback goes on. Exit code 3 means that it was
    refused; nothing has changed then.
    """
    with showing(events) as observer:
        task = replace(make_task(observer), same_servers=same_server)
        if dry_run:
            rehearsed = asyncio.run(moving.rehearse_rollback(task, limits))
        else:
            confirm(f"services write to their legacy databases after this, and no more to {task.target.url.masked}",
                    yes=yes)  # fmt: skip
            switched = asyncio.run(moving.rollback(task, limits, telling=telling, leave_stuck=leave_stuck))
    if dry_run:
        console.answer_json(rehearsed.document()) if as_json else switches.show_rehearsed(rehearsed)
        return REFUSED if rehearsed.refusals else 0
    console.answer_json(switched.document()) if as_json else switches.show_switched(switched)
    return 0
