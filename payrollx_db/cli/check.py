"""``payrollx-db check``."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json, events, without_triggers
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console
from payrollx_db.cli.render import findings as render
from payrollx_db.cli.render.tenants import answer_tenants
from payrollx_db.cli.task import ChosenTenants, policy_options, task_options, tenant_options
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.check.online.readiness import OnlineCheck
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.model.events import Observer
from payrollx_db.postgres.concurrency import answer_of

FINDINGS = 3


@command(example="payrollx-db check --policy orphan=quarantine")
@task_options
@policy_options
@tenant_options
@without_triggers
@click.option(
    "--reversible",
    is_flag=True,
    help="Prove as well that every row comes back as it was, and list what has no way back.",
)
@click.option(
    "--online",
    is_flag=True,
    envvar="PAYROLLX_CHECK_ONLINE",
    help="Say what can be done while services write instead: follow, fence, and the way back. Reads no row.",
)
@events
@as_json
def check(
    make_task: Callable[[Observer], Task],
    *,
    tenants: ChosenTenants,
    without_triggers: bool,
    reversible: bool,
    online: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """Find data that would not fit, before copying. Nothing is changed.

    The check reads every row of the legacy databases, and examines the servers: privileges, encodings, versions,
    disk space and locks. Exit code 3 means that a finding blocks the copy and no policy resolves it; with --online,
    that something of following, fencing and going back is not possible.
    """
    if online and reversible:
        raise click.UsageError("--online reads no row, and --reversible reads all: give one of them.")
    with showing(events) as observer:
        task = replace(make_task(observer), without_triggers=without_triggers)
        if many := tenants.of(task):
            from payrollx_db.tenants import consolidating

            if online:
                raise click.UsageError("--online does not go with a catalog of tenants, whose databases come and go.")
            return answer_tenants(answer_of(consolidating.check(many, reversible=reversible)), as_json=as_json)
        if online:
            from payrollx_db.consolidate import online as online_story  # what it takes is imported for it alone

            return _answer_online(answer_of(online_story.check(task)), as_json=as_json)
        findings = answer_of(pipeline.check(task, reversible=reversible))
    if as_json:
        console.answer_json(render.check_document(findings))
    else:
        render.show_check(findings)
    return FINDINGS if any(finding.blocks for finding in findings) else 0


def _answer_online(answer: OnlineCheck, *, as_json: bool) -> int:
    if as_json:
        console.answer_json(answer.document())
    else:
        render.show_online(answer)
    return FINDINGS if answer.blocks else 0
