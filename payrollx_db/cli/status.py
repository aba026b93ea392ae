"""``payrollx-db status``."""

import asyncio

import click

from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json, database_url, name_of, recorded_catalog, unified_database
from payrollx_db.cli.render import console
from payrollx_db.cli.render.recorded import show_status
from payrollx_db.consolidate import status as run_status
from payrollx_db.postgres.session import Endpoint

ALARM = 3


@command(example="payrollx-db status 2 --json")
@database_url
@recorded_catalog
@as_json
@click.argument("run", type=int, required=False)
def status(database_url: str | None, catalog: str | None, run: int | None, *, as_json: bool) -> int:
    """Show the recorded runs, and the tables of RUN (default: the newest), also while a copy is running.

    And what is followed: how far each legacy database is ahead, how much of its log its server keeps for us, and how
    long its disk lasts at this rate. Exit code 3 means that a slot is lost, or that a disk fills up.
    """
    url = unified_database(database_url)
    recorded = asyncio.run(run_status.status(Endpoint(url, "target", url.dbname), run, catalog=name_of(catalog)))
    if as_json:
        console.answer_json(recorded.document())
    elif not recorded.runs and not catalog:
        console.answer(asyncio.run(run_status.nothing_recorded(Endpoint(url, "target", url.dbname))))
        console.note("hint: payrollx-db migrate makes the tables, payrollx-db copy fills them; or check DATABASE_URL")
    else:
        show_status(recorded)
    return ALARM if any(alarm.severity == "error" for alarm in recorded.alarms) else 0
