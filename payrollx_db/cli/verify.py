"""``payrollx-db verify``."""

from collections.abc import Callable
from pathlib import Path

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import destructive_option
from payrollx_db.cli.options import as_json, events
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, runs
from payrollx_db.cli.render.tenants import answer_tenants
from payrollx_db.cli.task import ChosenTenants, policy_options, task_options, tenant_options
from payrollx_db.consolidate import verification
from payrollx_db.consolidate.planner import Task
from payrollx_db.model.events import Observer, ignore_events
from payrollx_db.postgres.concurrency import answer_of

FINDINGS = 3


@command(example="payrollx-db verify --service payroll --limit 5")
@task_options
@policy_options
@tenant_options
@click.option("--limit", type=click.IntRange(0), metavar="N", default=20, show_default=True, envvar="PAYROLLX_LIMIT",
              help="Number of differing rows to name per table.")  # fmt: skip
@click.option("--show-values", is_flag=True,
              help="Show the values of the differing columns (they may be personal data).")  # fmt: skip
@click.option("--table", "tables", multiple=True, metavar="NAME", envvar="PAYROLLX_VERIFY_TABLES",
              help="Only this table: schema.table of the target or of a legacy database, or database.schema.table; "
              "repeat the option for several.")  # fmt: skip
@click.option("--anew", is_flag=True,
              help="Compare all tables, also those that an interrupted verification has found identical.")  # fmt: skip
@click.option("--structure/--no-structure", "structure", default=None, envvar="PAYROLLX_STRUCTURE",
              help="Compare the target's structure too: keys, indexes, triggers, sequences and the like, as they were "
              "when the run began. By default of the tables that a finished run has filled; with --structure, others "
              "are compared with their sources.")  # fmt: skip
@click.option("--sums", is_flag=True, envvar="PAYROLLX_SUMS",
              help="Add up the number columns of both sides, for the report; reads their tables again.")  # fmt: skip
@click.option("--online", is_flag=True,
              help="While services write: bring over what they have written, hold that moment on all sides, settle "
              "what points at nothing, and compare.")  # fmt: skip
@destructive_option("--accept-structure", is_flag=True,
                    help="Compare nothing, but record the structure as it is now: what was changed on purpose is no "
                    "difference from then on.")  # fmt: skip
@events
@as_json
def verify(
    make_task: Callable[[Observer], Task],
    *,
    tenants: ChosenTenants,
    limit: int,
    show_values: bool,
    tables: tuple[str, ...],
    anew: bool,
    structure: bool | None,
    sums: bool,
    online: bool,
    accept_structure: bool,
    events: Path | None,
    as_json: bool,
) -> int:
    """Prove that both sides hold the same rows, by hashing every row in one canonical form. No row is changed.

    The structure of the target is proven too: what is gone or changed since the run began is named, with the
    statements that bring it back. Exit code 3 means that something differs; rows are named by their primary keys. With
    --online, the policies say what becomes of rows that point at nothing; what is proven then need not be proven again
    at the cutover.
    """
    if online and (tables or structure or accept_structure):
        raise click.UsageError("--online compares the rows of all tables: leave out --table and --structure.")
    if accept_structure:
        return _accept(make_task(ignore_events), as_json=as_json)
    with showing(events) as observer:
        task = make_task(observer)
        if many := tenants.of(task):
            if online or tables:
                raise click.UsageError("--online and --table do not go with a catalog of tenants; --tenant does.")
            from payrollx_db.tenants import consolidating

            outcome = consolidating.verify(many, limit=limit, values=show_values, sums=sums)
            return answer_tenants(answer_of(outcome), as_json=as_json)
        if online:
            from payrollx_db.consolidate import online as online_story  # what it takes is imported for it alone

            story = online_story.verify(task, limit=limit, values=show_values, sums=sums)
        else:
            story = verification.verify(
                task,
                limit=limit,
                values=show_values,
                structure=structure,
                tables=tables,
                sums=sums,
                anew=anew,
            )
        verdict = answer_of(story)
    if as_json:
        console.answer_json(verdict.document())
    else:
        runs.show_verdict(verdict)
    return 0 if verdict.identical else FINDINGS


def _accept(task: Task, *, as_json: bool) -> int:
    """Record the structure as it is, and say with which runs."""
    numbers = answer_of(verification.accept_structure(task))
    if as_json:
        console.answer_json({"accepted": numbers})
    else:
        console.answer(f"the structure as it is now is recorded with run {', '.join(map(str, numbers))}")
    return 0
