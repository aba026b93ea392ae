"""``payrollx-db service export`` and ``import`` in the legacy shape: the old tables, so that old code goes on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from payrollx_db.catalogs import registry
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console
from payrollx_db.cli.render import runs as reports
from payrollx_db.cli.service_questions import note_held_back
from payrollx_db.postgres.concurrency import answer_of

if TYPE_CHECKING:
    from payrollx_db.consolidate.transfer import Transferred
    from payrollx_db.model.catalog import Catalog, Service
    from payrollx_db.postgres.url import DatabaseUrl

FINDINGS = 3
NAME = "payrollx-db"

Command = Callable[..., Any]

SHAPE = click.option(
    "--shape", type=click.Choice(["unified", "legacy"]), default="unified", show_default=True,
    envvar="PAYROLLX_SERVICE_SHAPE",
    help="Shape of the service's own database: the unified schema, or the old tables with their names and types.",
)  # fmt: skip
LAYOUT = click.option(
    "--layout", metavar="LAYOUT", default="legacy", show_default=True, envvar="PAYROLLX_SERVICE_LAYOUT",
    help="Layout that says what the old tables are: one of the catalog's, or package.module:name.",
)  # fmt: skip


def shape_options(command: Command) -> Command:
    """Add the options that say in which shape a service's own database is."""
    decorated: Command = SHAPE(LAYOUT(command))
    return decorated


def refuse_options_of_legacy() -> None:
    """Raise UsageError where the command line names what only ``--shape legacy`` has, for the unified shape."""
    context = click.get_current_context()
    for name in ("layout", "extract"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} goes with --shape legacy.")


def export(
    catalog: "Catalog", service: "Service", layout: str, unified: "DatabaseUrl", to: "DatabaseUrl", *,
    extract: bool, yes: bool, as_json: bool, held: dict[str, int],
) -> None:  # fmt: skip
    """Hand a service over in its legacy shape, and say what went and what didn't. Raises as `export_legacy`.

    ``held`` are the rows, by legacy table, that stay behind in the quarantine.
    """
    from payrollx_db.consolidate.transfer import export_legacy, of_service
    from payrollx_db.postgres.databases import create_if_missing
    from payrollx_db.postgres.session import Endpoint

    chosen = registry.layout(catalog, layout)
    if create_if_missing(to):
        console.note(f"made the database {to.masked}")
    source = Endpoint(unified, "target", unified.dbname, NAME)
    buyer = Endpoint(to, "source", of_service(chosen, service.name).name, NAME)
    with showing() as observer:
        transfer = export_legacy(
            catalog, chosen, service.name, source, buyer, extract=extract, replace_unfinished=yes, observer=observer
        )
        done = answer_of(transfer)
    if as_json:
        console.answer_json({"service": service.name, "to": to.masked, **done.document(), "quarantined": held})
    else:
        _show(service, to, done)
        note_held_back(unified, held)
        console.note(f"hint: the unified database keeps its copy until payrollx-db service drop {service.name}")


def take_in(
    catalog: "Catalog", service: "Service", layout: str, origin: "DatabaseUrl", unified: "DatabaseUrl", *,
    as_json: bool,
) -> int:  # fmt: skip
    """Take a service in from a database in its legacy shape: migrated, copied, verified. Raises as `pipeline.copy`."""
    from dataclasses import replace

    from payrollx_db.consolidate import pipeline
    from payrollx_db.consolidate.transfer import of_service, without_extracts
    from payrollx_db.postgres.session import Endpoint
    from payrollx_db.schema import migrate

    chosen = registry.layout(catalog, layout)
    legacy = without_extracts(catalog, service.name, of_service(chosen, service.name))
    migrate.upgrade(unified, catalog, service=service.name)
    with showing() as observer:
        task = pipeline.Task(
            catalog, replace(chosen, databases=(legacy,)), {legacy.name: Endpoint(origin, "source", legacy.name, NAME)},
            Endpoint(unified, "target", unified.dbname, NAME), (service.name,), observer=observer,
        )  # fmt: skip
        report = answer_of(pipeline.copy(task))
        verdict = answer_of(pipeline.verify(task))
    if as_json:
        console.answer_json({"copied": report.document(), "verified": verdict.document()})
    else:
        reports.show_report(report)
        reports.show_verdict(verdict)
    return 0 if verdict.identical else FINDINGS


def _show(service: "Service", to: "DatabaseUrl", done: "Transferred") -> None:
    table = console.table(("table", "left"), ("rows", "right"), ("", "left"))
    for name, rows in done.tables.items():
        table.add_row(name, f"{rows:,}", "identical")
    for name, rows in done.extracts.items():
        table.add_row(name, f"{rows:,}", "extract of another service's rows")
    console.answer_table(table)
    for place in done.lost:
        console.note(f"not in the legacy shape: {place}")
    for reference in done.references:
        if not any(reference.endswith(f"{name}.id") or f" {name}." in reference for name in done.extracts):
            console.note(f"points at what stays behind: {reference}")
    console.answer(f"\n{service.name} is in {to.masked}, in its legacy shape, and identical.")
