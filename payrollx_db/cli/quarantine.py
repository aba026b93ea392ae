"""``payrollx-db quarantine``."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import click

from payrollx_db.cli.command import group
from payrollx_db.cli.destructive import same_servers
from payrollx_db.cli.options import as_json, database_url, name_of, recorded_catalog, unified_database
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console, runs
from payrollx_db.cli.task import policy_options, task_options
from payrollx_db.consolidate import pipeline, status
from payrollx_db.consolidate.pipeline import Task
from payrollx_db.consolidate.quarantine import exported
from payrollx_db.errors import ConfigurationError
from payrollx_db.model.events import Observer
from payrollx_db.postgres.session import Endpoint

FINDINGS = 3
NEXT = "payrollx-db migrate makes the tables, payrollx-db copy fills them; or check DATABASE_URL"


@group(example="payrollx-db quarantine list")
def quarantine() -> None:
    """Show the rows that policies kept out of the target and the values that they changed, and retry the rows."""


def _target(database_url: str | None) -> Endpoint:
    url = unified_database(database_url)
    return Endpoint(url, "target", url.dbname)


_run = click.option("--run", type=int, metavar="RUN", help="Only entries of this run.")
_source = click.option("--source", default="", metavar="TABLE", help="Only entries of this source table.")


@quarantine.command("list", example="payrollx-db quarantine list --source payrollx_wallet.public.wallets")
@database_url
@recorded_catalog
@_run
@_source
@as_json
def list_(database_url: str | None, catalog: str | None, run: int | None, source: str, *, as_json: bool) -> None:
    """List what is in quarantine: its source table, its key, the reason, and the row that caused it."""
    entries = asyncio.run(status.quarantined(_target(database_url), run, source, catalog=name_of(catalog)))
    if as_json:
        console.answer_json([{name: part for name, part in entry.items() if name != "row"} for entry in entries])
    elif entries or not (reason := asyncio.run(status.nothing_recorded(_target(database_url)))):
        runs.show_quarantine(entries)
    else:
        console.answer(f"{reason}: nothing is in quarantine")
        console.note(f"hint: {NEXT}")


@quarantine.command(example="payrollx-db quarantine show payrollx_wallet.public.wallets 42")
@database_url
@recorded_catalog
@click.argument("source", metavar="TABLE")
@click.argument("key")
def show(database_url: str | None, catalog: str | None, source: str, key: str) -> None:
    """Show the whole legacy row of TABLE whose primary key is KEY. It may be personal data."""
    entries = asyncio.run(status.quarantined(_target(database_url), None, source, catalog=name_of(catalog)))
    chosen = [entry for entry in entries if entry["key"] == key]
    if not chosen:
        raise ConfigurationError(f"{source} has no row {key!r} in quarantine", hint="payrollx-db quarantine list")
    console.answer_json(chosen if len(chosen) > 1 else chosen[0])


@quarantine.command(example="payrollx-db quarantine export")
@database_url
@recorded_catalog
@_run
@_source
def export(database_url: str | None, catalog: str | None, run: int | None, source: str) -> None:
    """Print everything in quarantine with the whole legacy rows, one JSON document a line."""
    for entry in asyncio.run(status.quarantined(_target(database_url), run, source, catalog=name_of(catalog))):
        console.answer(exported(entry))


@quarantine.command(example="payrollx-db quarantine retry")
@task_options
@policy_options
@same_servers
@as_json
def retry(make_task: Callable[[Observer], Task], *, same_server: tuple[str, ...], as_json: bool) -> int:
    """Restore the rows whose reason no longer holds, as the legacy databases have them now.

    Exit code 3 means that rows remain in quarantine; each is listed with its reason.
    """
    with showing() as observer:
        retried = asyncio.run(pipeline.retry(replace(make_task(observer), same_servers=same_server)))
    if as_json:
        console.answer_json([{"source": r.source, "restored": r.restored, "refused": r.refused} for r in retried])
    else:
        runs.show_retried(retried)
    return FINDINGS if any(r.refused for r in retried) else 0
