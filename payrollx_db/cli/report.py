"""``payrollx-db report``."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from payrollx_db.backup.signature import Key, load
from payrollx_db.catalogs import registry
from payrollx_db.cli.command import command
from payrollx_db.cli.destructive import destructive_option
from payrollx_db.cli.options import as_json, database_url, name_of, recorded_catalog, unified_database
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console
from payrollx_db.cli.signing import key_file
from payrollx_db.consolidate.state.runs import Run
from payrollx_db.errors import ConfigurationError, PayrollxError
from payrollx_db.files import write_whole
from payrollx_db.model.wording import counted
from payrollx_db.postgres.session import Endpoint
from payrollx_db.report import check as checks
from payrollx_db.report import checksum, loader, moved
from payrollx_db.report.check import Checked
from payrollx_db.report.page import page
from payrollx_db.report.summary import headline, summary

FINDINGS = 3


@command(example="payrollx-db report --html report.html")
@click.argument("run", type=int, required=False)
@database_url
@recorded_catalog
@destructive_option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                    help="Write the report as one page, in place of what FILE holds.")  # fmt: skip
@click.option("--check", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Compare the report in FILE, a page or its JSON, with the database.")  # fmt: skip
@key_file
@as_json
def report(
    run: int | None,
    database_url: str | None,
    catalog: str | None,
    html: Path | None,
    check: Path | None,
    key_file: Path | None,
    *,
    as_json: bool,
) -> int:
    """Report what RUN (default: the newest) did, and what proves it, as the unified database has recorded it.

    Nothing is changed. With --check, exit code 3 means that the report was edited, or that the database differs
    from it.
    """
    if check is not None and moved.is_one(check):
        return _check_moved(check, load(key_file, check.absolute()), as_json=as_json)
    url = unified_database(database_url)
    target = Endpoint(url, "target", url.dbname)
    if check is not None:
        if html is not None or run is not None:
            raise ConfigurationError(
                "--check reads the number of the run from the report", hint="leave out RUN and --html"
            )
        return _check(check, target, name_of(catalog), as_json=as_json)
    facts = asyncio.run(loader.read(target, run, catalog=name_of(catalog)))
    document = checksum.sealed(facts, asyncio.run(_observed(target, facts.run, catalog)))
    if html is not None:
        write_whole(html, page(document))
        console.note(f"wrote {html}")
    if as_json:
        console.answer_json(document)
    elif html is None:
        _answer(document)
    return 0


async def _observed(target: Endpoint, run: Run, catalog: str | None) -> dict[str, Any]:
    """Return what doctor says of the run's services now, as plain data; what keeps it from saying so is in it."""
    from payrollx_db.health.database import Expected, Place
    from payrollx_db.health.examine import examine
    from payrollx_db.schema import migrate

    observed: dict[str, Any] = {"at": datetime.now(UTC), "problem": "", "healthy": False, "checks": []}
    try:
        known = registry.find(catalog or run.catalog)
        place = Place(target.url, tuple(known.service(name) for name in run.services))
        health = await examine([place], Expected(known, migrate.branches(known)))
    except PayrollxError as error:
        return observed | {"problem": error.message}
    (database,) = health.databases
    checks = [
        {"name": check.name, "status": check.severity, "well": check.well, "findings": [
            {"code": finding.code, "place": finding.place, "message": finding.message} for finding in check.findings]}
        for check in database.checks
    ]  # fmt: skip
    return observed | {"healthy": health.healthy, "checks": checks}


def _check(file: Path, target: Endpoint, catalog: str, *, as_json: bool) -> int:
    recorded = checksum.opened(file).document["run"]["catalog"]  # before anything is connected to
    if catalog not in ("", recorded):
        raise ConfigurationError(
            f"{file} is a report of the catalog {recorded}, not of {catalog}", hint="drop --catalog"
        )
    with showing() as observer:
        checked = asyncio.run(checks.check(file, target, observer))
    if as_json:
        console.answer_json(checked.document())
    else:
        _show(checked)
    return 0 if checked.identical else FINDINGS


def _check_moved(file: Path, key: Key, *, as_json: bool) -> int:
    document = moved.check(file, key)
    names = ", ".join(each["database"] for each in document["databases"])
    console.answer_json(document) if as_json else console.answer(f"{file} is as it was signed: the move of {names}.")
    return 0


def _show(checked: Checked) -> None:
    different = [table for table in checked.tables if not table.identical]
    for table in different:
        console.answer(str(table))
    for place in checked.record:
        console.answer(f"the record differs: {place}")
    unhashed = sum(not table.hashed and not table.problem for table in checked.tables)
    rows = sum(table.rows for table in checked.tables)
    what = f"{counted(rows, 'row')} in {counted(len(checked.tables), 'table')}"
    only = f" ({unhashed} of them only counted, because they were never verified)" if unhashed else ""
    if checked.identical:
        console.answer(f"{what}{only}: the same as in the report of run {checked.run}.")
    else:
        console.answer(f"{what}{only}: NOT the same as in the report of run {checked.run}.")


def _answer(document: dict[str, Any]) -> None:
    run = document["run"]
    console.answer(f"run {run['id']} of {run['layout']} into {document['target']['dbname']}, {run['status']}")
    console.answer(headline(document)["text"])
    for line in summary(document):
        console.answer(line)
    console.note("hint: --html FILE writes the page to sign, and --json prints all of it")
