"""``payrollx-db copy``."""

import asyncio
from collections.abc import Callable

import click

from payrollx_db.cli import render, reports
from payrollx_db.cli.options import as_json
from payrollx_db.cli.progress import showing
from payrollx_db.cli.task import policy_options, task_options
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.events import Observer
from payrollx_db.consolidate.pipeline import Task


@click.command()
@task_options
@policy_options
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@as_json
def copy(make_task: Callable[[Observer], Task], *, dry_run: bool, as_json: bool) -> int:
    """Copy the legacy databases into the unified one, and account for every row.

    The target's tables must be migrated and empty. A run that was cut off is gone on with. Where
    the layout or the data doesn't fit, nothing is written, and the exit code is 3.
    """
    with showing() as observer:
        task = make_task(observer)
        if dry_run:
            made = asyncio.run(pipeline.plan(task))
            pipeline.refuse_mismatches(made)
        else:
            report = asyncio.run(pipeline.copy(task))
    if dry_run and as_json:
        render.answer_json(made.document())
    elif dry_run:
        reports.show_plan(made, sql=False)
    elif as_json:
        render.answer_json(report.document())
    else:
        reports.show_report(report)
    return 0
