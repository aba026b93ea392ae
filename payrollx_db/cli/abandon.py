"""``payrollx-db abandon``."""

import asyncio

from payrollx_db.catalogs import registry
from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import confirm, yes
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, runs
from payrollx_db.consolidate import pipeline, status
from payrollx_db.postgres.session import Endpoint

LEFT = 3


@command(example="payrollx-db abandon")
@options.database_url
@options.catalog
@yes
@options.as_json
def abandon(database_url: str | None, catalog: str, *, yes: bool, as_json: bool) -> int:
    """Give up the unfinished run: restore the indexes and foreign keys that it dropped, and leave its rows.

    The legacy databases aren't needed. The next copy starts anew, once the tables are empty. Exit code 3 means that
    something could not be restored; each is named with the statement that restores it.
    """
    url = options.unified_database(database_url)
    target = Endpoint(url, "target", url.dbname)
    _ask(target, yes=yes)
    with showing() as observer:
        abandoned = asyncio.run(pipeline.abandon(target, registry.find(catalog), observer=observer))
    if as_json:
        console.answer_json(abandoned.document())
    else:
        runs.show_abandoned(abandoned)
    return LEFT if abandoned.unrestored else 0


def _ask(target: Endpoint, *, yes: bool) -> None:
    """Ask whether to give up what is unfinished, where anything is. Raises ConfigurationError as `confirm`."""
    recorded = asyncio.run(status.status(target))
    for run in recorded.runs:
        if run.unfinished and not recorded.at_work:
            confirm(f"run {run.id} on {target.url.masked} can't be resumed after this", yes=yes)
            return
