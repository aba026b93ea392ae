"""``payrollx-db follow``."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import confirm, destructive_option, same_servers, yes
from payrollx_db.cli.interruption import FollowInterruptedError, Interruption
from payrollx_db.cli.options import as_json, events, max_retained
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, follows
from payrollx_db.cli.task import policy_options, task_options
from payrollx_db.consolidate import online
from payrollx_db.consolidate.planner import Task
from payrollx_db.errors import ConfigurationError
from payrollx_db.model.events import Observer, ignore_events

FINDINGS, LEFT = 3, 3


@command(example="payrollx-db follow --dry-run")
@task_options
@policy_options
@click.option("--once", is_flag=True, help="End when everything is in that had been committed before.")
@click.option("--dry-run", is_flag=True, help="List what would be made in the legacy databases, and make nothing.")
@click.option(
    "--resync",
    is_flag=True,
    help="Make new slots, compare both sides, and bring over what differs: when a slot was lost, or a map changed.",
)
@destructive_option(
    "--drop", is_flag=True, help="Drop all that follow has made in the legacy databases, and open the target's tables."
)
@destructive_option(
    "--forget",
    is_flag=True,
    help="With --drop, forget legacy databases that can't be reached; says what is left there.",
)
@max_retained
@same_servers
@yes
@events
@as_json
def follow(
    make_task: Callable[[Observer], Task],
    *,
    once: bool,
    dry_run: bool,
    resync: bool,
    drop: bool,
    forget: bool,
    max_retained: int | None,
    same_server: tuple[str, ...],
    yes: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """Bring what services write to the legacy databases into the unified one, until it is stopped.

    The tables must have been copied. Each legacy database gets a publication and a replication slot. A slot keeps its
    server's log until it is read, so don't leave off following for long; --drop ends it. Ctrl-C stops it, and the next
    call goes on where it was. Exit code 3 means that tables can't be followed, or rows don't fit.
    """
    _refuse_contradictions({"--once": once, "--dry-run": dry_run, "--resync": resync, "--drop": drop}, forget=forget)
    if drop:
        confirm("nothing follows the legacy databases after this", yes=yes)
    with showing(events) as observer:
        task = replace(make_task(observer if not dry_run else ignore_events), same_servers=same_server)
        if dry_run:
            return _list(task, as_json=as_json)
        if drop:
            return _drop(task, forget=forget, as_json=as_json)
        interruption = Interruption(task.observer, once=once)
        report = interruption.run(
            lambda observer, stop: online.follow(
                replace(task, observer=observer), once=once, anew=resync, stop=stop, most_retained=max_retained
            )
        )
    if report is not None:
        console.answer_json(report.document()) if as_json else follows.show_report(report)
    if interruption.came:
        raise FollowInterruptedError(report)
    return 0


def _list(task: Task, *, as_json: bool) -> int:
    made, findings = asyncio.run(online.list_made(task))
    if as_json:
        document = {
            "made": [item.document() for item in made],
            "findings": [{"code": f.code, "place": f.place, "message": f.message} for f in findings],
        }
        console.answer_json(document)
    else:
        follows.show_made(made, findings)
    return FINDINGS if findings else 0


def _drop(task: Task, *, forget: bool, as_json: bool) -> int:
    dropped = asyncio.run(online.drop_following(task, forget=forget))
    if as_json:
        console.answer_json(dropped.document())
    else:
        follows.show_dropped(dropped)
    return LEFT if dropped.left or dropped.unrestored else 0


def _refuse_contradictions(options: dict[str, bool], *, forget: bool) -> None:
    given: Sequence[str] = [name for name, is_given in options.items() if is_given]
    if len(given) > 1 and set(given) != {"--once", "--resync"}:
        raise click.UsageError(f"{' and '.join(given)} exclude each other.")
    if forget and not options["--drop"]:
        raise ConfigurationError("--forget says nothing without --drop", hint="add --drop, or leave it out")
