"""``payrollx-db check``."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json, events, without_triggers
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console
from payrollx_db.cli.render import findings as render
from payrollx_db.cli.task import policy_options, task_options
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.model.events import Observer

FINDINGS = 3


@command(example="payrollx-db check --policy orphan=quarantine")
@task_options
@policy_options
@without_triggers
@click.option(
    "--reversible",
    is_flag=True,
    help="Prove as well that every row comes back as it was, and list what has no way back.",
)
@events
@as_json
def check(
    make_task: Callable[[Observer], Task],
    *,
    without_triggers: bool,
    reversible: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """Find data that would not fit, before copying. Nothing is changed.

    The check reads every row of the legacy databases, and examines the servers: privileges, encodings, versions,
    disk space and locks. Exit code 3 means that a finding blocks the copy and no policy resolves it.
    """
    with showing(events) as observer:
        task = replace(make_task(observer), without_triggers=without_triggers)
        findings = asyncio.run(pipeline.check(task, reversible=reversible))
    if as_json:
        console.answer_json(render.check_document(findings))
    else:
        render.show_check(findings)
    return FINDINGS if any(finding.blocks for finding in findings) else 0
