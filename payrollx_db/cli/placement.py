"""``payrollx-db placement``."""

import asyncio
import os

import click

from payrollx_db.catalogs import registry
from payrollx_db.cli import options
from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json, database_url
from payrollx_db.cli.render import console
from payrollx_db.cli.targets import places
from payrollx_db.health.placed import Placements, look


@command(example="payrollx-db placement")
@database_url
@options.catalog
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, metavar="SECONDS",
              envvar="PAYROLLX_PLACEMENT_TIMEOUT", help="How long a database may take to answer.")  # fmt: skip
@as_json
def placement(database_url: str | None, catalog: str, timeout: float, *, as_json: bool) -> int:
    """Show where each service is, whether it can be used there, and which references are thereby only declared.

    A service is in the database of SERVICE_DATABASE_URL where that is set, else in the unified one. Exit code 3
    says that a database doesn't answer or lacks tables.
    """
    from payrollx_db.facade.engines import UNIFIED, variable

    known = registry.find(catalog)
    names = [service.name for service in known.services]
    said = {name: variable(name) if os.environ.get(variable(name)) else UNIFIED for name in names}
    found = asyncio.run(look(known, places(known.services, database_url), said, timeout))
    if as_json:
        console.answer_json(found.document())
    else:
        _show(found, known.command("migrate"))
    return 0 if found.usable else 3


def _show(found: Placements, migrate: str) -> None:
    made = console.table(("service", "left"), ("database", "left"), ("said by", "left"), ("usable", "left"))
    for placed in found.services:
        made.add_row(placed.service.name, placed.url.masked, placed.variable, "NO" if placed.problem else "yes")
    console.answer_table(made)
    console.answer("")
    for problem in dict.fromkeys(placed.problem for placed in found.services if placed.problem):
        names = ", ".join(placed.service.name for placed in found.services if placed.problem == problem)
        console.answer(f"{names}: {problem}")
    if found.declared:
        console.answer("Only declared, since its ends are in different databases; nothing holds it:")
        for reference in found.declared:
            console.answer(f"  {reference}")
    else:
        console.answer("every enforced reference is a foreign key")
    if not found.usable:
        console.note(f"next: {migrate} makes what is missing; check the URL and the server of what doesn't answer")
