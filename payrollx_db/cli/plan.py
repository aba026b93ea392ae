"""``payrollx-db plan``."""

from collections.abc import Callable

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json
from payrollx_db.cli.render import console, runs
from payrollx_db.cli.render.tenants import answer_tenants
from payrollx_db.cli.task import ChosenTenants, policy_options, task_options, tenant_options
from payrollx_db.consolidate import planner
from payrollx_db.consolidate.planner import Task
from payrollx_db.postgres.concurrency import answer_of

FINDINGS = 3


@command(example="payrollx-db plan --service auth --sql")
@task_options
@policy_options
@tenant_options
@click.option("--sql", is_flag=True, help="Show the SQL that reads and converts each table.")
@as_json
def plan(make_task: Callable[[], Task], *, tenants: ChosenTenants, sql: bool, as_json: bool) -> int:
    """Show what would be copied where, and what is unaccounted for. Nothing is changed.

    Exit code 3 means that a table or a column of a legacy database is neither mapped nor discarded.
    """
    task = make_task()
    if many := tenants.of(task):
        from payrollx_db.tenants import consolidating

        return answer_tenants(answer_of(consolidating.plan(many)), as_json=as_json)
    table_plan = answer_of(planner.plan(task))
    if as_json:
        console.answer_json(table_plan.document())
    else:
        runs.show_plan(table_plan, sql=sql)
    return FINDINGS if table_plan.mismatches else 0
