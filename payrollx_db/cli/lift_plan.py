"""``payrollx-db lift plan``."""

import os
from pathlib import Path

import click

from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.lift_options import lift_file, services
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console
from payrollx_db.cli.render import lifts as render
from payrollx_db.lift import project as projects
from payrollx_db.lift.plan import planner
from payrollx_db.postgres.concurrency import answer_of
from payrollx_db.postgres.session import Endpoint

FINDINGS = 3


@command(example="payrollx-db lift plan --lift lift.toml")
@lift_file
@options.database_url
@services
@click.option("--renew", is_flag=True, help="Take on what has changed in the databases since lift.lock was written.")
@options.as_json
def plan(file: Path, database_url: str | None, services: tuple[str, ...], *, renew: bool, as_json: bool) -> int:
    """Say what a lift would meet, and what the unified database lacks for it. No database is changed.

    The shapes of the tables are written to lift.lock, beside lift.toml, so that a change since is seen. Exit code 3
    means that a finding blocks the lift.
    """
    project = projects.read(file)
    url = options.unified_database(database_url)
    target = Endpoint(url, "target", url.dbname)
    endpoints = projects.endpoints(project, os.environ)
    with showing() as observer:
        lift_plan = answer_of(
            planner.plan(project, endpoints, target, services=services, renew=renew, observer=observer)
        )
    if as_json:
        console.answer_json(render.plan_document(lift_plan))
    else:
        render.show_plan(lift_plan)
    return FINDINGS if lift_plan.blocks else 0
