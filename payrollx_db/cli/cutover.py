"""``payrollx-db cutover``."""

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
NO_WAY_BACK = destructive_option(
    "--no-way-back",
    is_flag=True,
    help="Do not let the legacy databases follow the unified one: no rollback is possible then.",
)


@command(example="payrollx-db cutover --dry-run --max-stop 1s")
@task_options
@policy_options
@limit_options
@telling_options
@NO_WAY_BACK
@same_servers
@yes
@click.option(
    "--dry-run", is_flag=True, help="Measure the lag, predict the stop, name who is in the way, and change nothing."
)
@events
@as_json
def cutover(
    make_task: Callable[[Observer], Task],
    *,
    limits: Limits,
    telling: Telling,
    no_way_back: bool,
    same_server: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """Let services write to the unified database from now on, and no more to their legacy ones.

    Writers wait for less than a second meanwhile; none fails, until they meet a database that has moved. An
    interrupted cutover goes on. Exit code 3 means that it was refused; nothing has changed then.
    """
    with showing(events) as observer:
        task = replace(make_task(observer), same_servers=same_server)
        if dry_run:
            rehearsed = asyncio.run(moving.rehearse_cutover(task, limits, way_back=not no_way_back))
        else:
            confirm(f"services write to {task.target.url.masked} after this, and their legacy databases are closed",
                    yes=yes)  # fmt: skip
            switched = asyncio.run(moving.cutover(task, limits, telling=telling, way_back=not no_way_back))
    if dry_run:
        console.answer_json(rehearsed.document()) if as_json else switches.show_rehearsed(rehearsed)
        return REFUSED if rehearsed.refusals else 0
    console.answer_json(switched.document()) if as_json else switches.show_switched(switched)
    return 0
