"""``payrollx-db placement``."""

import asyncio
import os
from typing import TYPE_CHECKING

import click

from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json, database_url
from payrollx_db.cli.render import console
from payrollx_db.cli.targets import READ_APART, places
from payrollx_db.health.placed import Placements, find_placements
from payrollx_db.model.wording import counted

if TYPE_CHECKING:
    from payrollx_db.model.catalog import Catalog


@command(example="payrollx-db placement")
@database_url
@options.catalog
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, metavar="SECONDS",
              envvar="PAYROLLX_PLACEMENT_TIMEOUT", help="Seconds that a database may take to answer.")  # fmt: skip
@as_json
def placement(database_url: str | None, catalog: str, timeout: float, *, as_json: bool) -> int:
    """Show which database each service is in, whether it can be used there, and what being apart means.

    A service is in the database that SERVICE_DATABASE_URL names, else in the unified one. References between databases
    are enforced by nothing, and tables in another one can't be read. Exit code 3 means that a database doesn't answer
    or lacks tables.
    """
    from payrollx_db.facade.variables import UNIFIED, variable

    known = options.catalog_here(catalog, database_url)
    names = [service.name for service in known.services]
    variables = {name: variable(name) if os.environ.get(variable(name)) else UNIFIED for name in names}
    placements = asyncio.run(find_placements(known, places(known.services, database_url), variables, timeout))
    if as_json:
        console.answer_json(placements.document())
    else:
        _show(placements, known)
    return 0 if placements.usable else 3


def _show(placements: Placements, catalog: "Catalog") -> None:
    table = console.table(("service", "left"), ("database", "left"), ("set by", "left"), ("usable", "left"))
    for placed in placements.services:
        table.add_row(placed.service.name, placed.url.masked, placed.variable, "NO" if placed.problem else "yes")
    console.answer_table(table)
    console.answer("")
    for problem in dict.fromkeys(placed.problem for placed in placements.services if placed.problem):
        names = ", ".join(placed.service.name for placed in placements.services if placed.problem == problem)
        console.answer(f"{names}: {problem}")
    if placements.declared:
        console.answer("References that nothing enforces, because their tables are in different databases:")
        for reference in placements.declared:
            console.answer(f"  {reference}")
    elif placements.usable:
        console.answer("every enforced reference is a foreign key")
    else:
        console.answer("whether references are foreign keys shows when all services are there")
    _show_reads(placements)
    _show_left(placements, catalog.command("migrate"))
    if not placements.usable:
        console.note(
            f"hint: {catalog.command('migrate')} creates what is missing;"
            " check the URL and the server of a database that doesn't answer"
        )


def _show_reads(placements: Placements) -> None:
    if placements.reads:
        console.answer("Tables that can't be read, because they are in another database:")
        for read in placements.reads:
            console.answer(f"  {read}")
        console.note(f"hint: {READ_APART}")


def _show_left(placements: Placements, migrate: str) -> None:
    for left in placements.left:
        tables = counted(len(left.tables), "table")
        console.answer(f"{left.service} is not placed at {left.url.masked}, where {tables} of it lie")
    if placements.left:
        one = placements.left[0]
        console.note(
            "hint: nothing reads or writes those; once you have seen that no row is missing elsewhere, drop them there:"
            f" {migrate} --service {one.service} --downgrade base --database-url <that database>"
        )
