"""``payrollx-db verify``."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json, events
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, runs
from payrollx_db.cli.task import task_options
from payrollx_db.consolidate import pipeline, status
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.model.events import Observer

FINDINGS = 3


@command(example="payrollx-db verify --service payroll --limit 5")
@task_options
@click.option("--limit", type=click.IntRange(0), metavar="N", default=20, show_default=True, envvar="PAYROLLX_LIMIT",
              help="Number of differing rows to name per table.")  # fmt: skip
@click.option("--show-values", is_flag=True,
              help="Show the values of the differing columns (they may be personal data).")  # fmt: skip
@events
@as_json
def verify(
    make_task: Callable[[Observer], Task], *, limit: int, show_values: bool, events: Path | None, as_json: bool
) -> int:
    """Prove that both sides hold the same rows, by hashing every row in one canonical form. No row is changed.

    Exit code 3 means that they differ; the differing rows are named by their primary keys.
    """
    with showing(events) as observer:
        task = make_task(observer)
        verdict = asyncio.run(pipeline.verify(task, limit=limit, values=show_values))
        accounts = asyncio.run(status.finished_accounts(task.target))
    if as_json:
        console.answer_json(verdict.document())
    else:
        runs.show_verdict(verdict, accounts)
    return 0 if verdict.identical else FINDINGS
