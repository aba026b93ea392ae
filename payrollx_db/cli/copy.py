"""``payrollx-db copy``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import confirm, destructive_option, same_servers, yes
from payrollx_db.cli.interruption import FollowInterruptedError
from payrollx_db.cli.options import as_json, events, max_retained, without_triggers
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console
from payrollx_db.cli.render import runs as reports
from payrollx_db.cli.render.tenants import answer_tenants
from payrollx_db.cli.task import ChosenTenants, policy_options, task_options, tenant_options
from payrollx_db.cli.throttle import MEGABYTE, gentle_options
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import CheckRows, Report, Task
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.consolidate.planner import SMALL_TABLES
from payrollx_db.model.events import Observer, ignore_events
from payrollx_db.postgres.concurrency import answer_of

if TYPE_CHECKING:
    from payrollx_db.consolidate.online import FollowReport
    from payrollx_db.tenants.consolidating import TenantsTask
    from payrollx_db.tenants.outcome import TenantsOutcome


@command(example="payrollx-db copy --policies policies.toml --jobs 4")
@task_options
@policy_options
@tenant_options
@click.option(
    "--check-rows",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    envvar="PAYROLLX_CHECK_ROWS",
    help="Check every row before copying. auto does so where the databases are small or a policy needs it; otherwise "
    "the copy itself finds what does not fit, and is undone.",
)
@click.option(
    "--small-tables",
    type=click.FloatRange(0),
    default=SMALL_TABLES / MEGABYTE,
    show_default=True,
    metavar="MB",
    envvar="PAYROLLX_SMALL_TABLES",
    help="Size up to which tables are copied several in one transaction, with their indexes in place; 0 means none.",
)
@destructive_option("--restart", is_flag=True,
                    help="Undo earlier runs of these tables first (asks for confirmation).")  # fmt: skip
@same_servers
@yes
@without_triggers
@gentle_options
@click.option(
    "--follow",
    is_flag=True,
    envvar="PAYROLLX_COPY_FOLLOW",
    help="Let services write meanwhile: make what payrollx-db follow needs, copy, then follow until stopped.",
)
@max_retained
@click.option(
    "--verify",
    is_flag=True,
    envvar="PAYROLLX_COPY_VERIFY",
    help="Then prove that both sides hold the same, as payrollx-db verify does, without another start and in the same "
    "sessions. Exit code 3 where something differs.",
)
@click.option("--dry-run", is_flag=True, help="Print the plan, and copy nothing.")
@events
@as_json
def copy(
    make_task: Callable[[Observer], Task],
    *,
    tenants: ChosenTenants,
    check_rows: CheckRows,
    small_tables: float,
    restart: bool,
    same_server: tuple[str, ...],
    yes: bool,
    follow: bool,
    max_retained: int | None,
    verify: bool,
    dry_run: bool,
    without_triggers: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """Copy the legacy databases into the unified one, and account for every row.

    The target's tables must be migrated and empty. An interrupted run is resumed. Exit code 3 means that the
    layout or the data does not fit; nothing was changed then. With --follow, the services need not stand still: foreign
    keys and duplicate tables wait for the cutover then. With --verify, exit code 3 may also mean that the rows are in,
    and both sides differ.
    """
    if verify and follow:
        raise click.UsageError("--verify does not go with --follow: payrollx-db verify --online proves it meanwhile.")
    if restart and not (dry_run or yes):
        _ask(make_task(ignore_events))

    def of_options(observer: Observer) -> Task:
        return replace(
            make_task(observer),
            check_rows=check_rows,
            small_tables=int(small_tables * MEGABYTE),
            same_servers=same_server,
            without_triggers=without_triggers,
            following=follow,
        )

    if verify and not dry_run:
        from payrollx_db.cli.copy_verified import copy_and_verify

        return copy_and_verify(of_options, tenants, events, restart=restart, as_json=as_json)
    with showing(events) as observer:
        task = of_options(observer)
        if many := tenants.of(task):
            return answer_tenants(_copy_tenants(many, dry_run=dry_run, restart=restart), as_json=as_json)
        result = _plan(task) if dry_run else _copy(task, max_retained, restart=restart)
    if isinstance(result, Copied):
        return result.answer(as_json=as_json)
    if as_json:
        console.answer_json(result.document())
    else:
        reports.show_plan(result, sql=False)
    return 0


@dataclass(frozen=True)
class Copied:
    """What was copied, a lift's views that were filled for ``--json``, and what was followed until when."""

    report: Report
    views: Mapping[str, Any]
    brought: "FollowReport | None" = None
    interrupted: bool = False

    def answer(self, *, as_json: bool) -> int:
        """Answer with it, and return the exit code. Raises FollowInterruptedError where following was interrupted."""
        if as_json:
            followed = {"followed": self.brought.document()["databases"]} if self.brought else {}
            console.answer_json({**self.report.document(), **self.views, **followed})
        elif self.brought is not None:
            _show_followed(self.brought)
        else:
            reports.show_report(self.report)
        if self.interrupted:
            raise FollowInterruptedError(self.brought)
        return 0


def _copy(task: Task, most_retained: int | None, *, restart: bool) -> Copied:
    """Copy, fill the views of a lift, and follow where the task says so. Raises as `pipeline.copy`."""
    if not task.following:
        report = answer_of(pipeline.copy(task, restart=restart))
        return Copied(report, _fill_views(task) if task.catalog.lifted else {})
    from payrollx_db.cli.copy_followed import CopyAndFollowing

    done = CopyAndFollowing()
    report, brought, interrupted = done.run(task, most_retained, restart=restart)
    return Copied(report, done.views, brought, interrupted)


def _copy_tenants(many: "TenantsTask", *, dry_run: bool, restart: bool) -> "TenantsOutcome":
    """Copy tenants, or say what would be copied."""
    from payrollx_db.tenants import consolidating

    if many.task.following:
        raise click.UsageError("--follow does not go with a catalog of tenants: their services stand still meanwhile.")
    story = consolidating.plan(many) if dry_run else consolidating.copy(many, restart=restart)
    return answer_of(story)


def _show_followed(report: "FollowReport") -> None:
    from payrollx_db.cli.render import follows

    follows.show_report(report)


def _plan(task: Task) -> Plan:
    """Return the plan, where the layout and the databases agree. Raises LayoutMismatchError."""
    plan = answer_of(pipeline.plan(task))
    pipeline.refuse_mismatches(plan)
    return plan


def _fill_views(task: Task) -> dict[str, Any]:
    """Fill a lift's materialized views, and return what became of them, for ``--json``."""
    from payrollx_db.cli.lift_views import fill_views

    return {"materialized_views": answer_of(fill_views(task))}


def _ask(task: Task) -> None:
    """Ask whether to empty what earlier runs have written, where any has. Raises ConfigurationError as `confirm`."""
    from payrollx_db.consolidate import status

    recorded = answer_of(status.status(task.target))
    runs = [f"run {run.id} ({run.status}, {run.started_at:%Y-%m-%d %H:%M})"
            for run in recorded.runs if run.status != "undone"]  # fmt: skip
    if runs:
        confirm(f"this removes what {', '.join(runs)} wrote into {task.target.url.masked}", yes=False)
