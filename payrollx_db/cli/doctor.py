"""``payrollx-db doctor``."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from payrollx_db.cli import environment
from payrollx_db.cli.command import command
from payrollx_db.cli.options import as_json
from payrollx_db.cli.render import console, findings
from payrollx_db.cli.targets import health_options

if TYPE_CHECKING:
    from payrollx_db.health.database import Expected, Place
    from payrollx_db.health.examine import Checked, DatabaseHealth, Health
    from payrollx_db.model.finding import Finding

FINDINGS = 3
LOOKS = {"ok": "green", "info": "green", "warn": "yellow", "error": "bold red"}


@command(example="payrollx-db doctor --backups backups")
@health_options
@as_json
def doctor(places: "tuple[Place, ...]", expected: "Expected", *, timeout: float, as_json: bool) -> int:
    """Examine the databases of all services, and say what is wrong, where, and what to do. Nothing is changed.

    Services that are in other databases are examined there. Exit code 3 means that something needs attention.
    """
    from payrollx_db.health.examine import examine

    health = asyncio.run(examine(places, expected, seconds=timeout))
    if as_json:
        console.answer_json(document(health))
    else:
        show(health)
        if file := environment.find_file():
            console.note(f"settings are read from {file}, where neither options nor real variables say otherwise")
    return 0 if health.healthy else FINDINGS


def document(health: "Health") -> dict[str, Any]:
    """Return an examination as plain data, for ``--json``."""
    return {
        "healthy": health.healthy,
        "databases": [_database_document(database) for database in health.databases],
        "backups": None if health.backups is None else dict(health.last_backups),
        "findings": [findings.doctor_document(finding) for finding in health.findings],
    }


def show(health: "Health") -> None:
    """Show how each database is, how big each service, and what there is to do."""
    for database in health.databases:
        _show_database(database, named=len(health.databases) > 1)
    if health.backups is not None:
        _show_checks([health.backups])
        console.answer("")
    _show_services(health)
    _show_findings(health.findings)


def _database_document(database: "DatabaseHealth") -> dict[str, Any]:
    capacity = database.capacity
    return {
        "url": database.place.url.masked,
        "reachable": database.reachable,
        "version": database.version,
        "connect_seconds": database.seconds,
        "connections": capacity and {
            "used": capacity.used,
            "used_here": capacity.used_here,
            "for_all": capacity.room.unreserved,
            "max_connections": capacity.room.max_connections,
            "reserved": capacity.room.reserved,
            "database_limit": capacity.room.limit,
            "budget": capacity.share,
        },
        "services": [
            {
                "name": service.name,
                "rows": service.rows,
                "bytes": service.bytes,
                "connections": service.connections,
                "tables": [asdict(table) for table in service.tables],
            }
            for service in database.services
        ],
        "checks": [
            {"name": check.name, "status": check.severity, "findings": len(check.findings)}
            for check in database.checks
        ],
    }  # fmt: skip


def _show_database(database: "DatabaseHealth", *, named: bool) -> None:
    on = f" on Postgres {database.version}" if database.version else ""
    console.answer(f"{database.place.url.masked}{on}")
    if named:
        console.answer(f"  {', '.join(service.name for service in database.place.services)}")
    _show_checks(database.checks)
    console.answer("")


def _show_checks(checks: "Sequence[Checked]") -> None:
    table = console.table(("", "left"), ("", "left"), ("", "left"))
    table.show_header = False
    for check in checks:
        if check.name == "sizes" and not check.findings:
            continue  # the table below shows them
        table.add_row(Text(f"  {check.severity}", style=LOOKS[check.severity]), check.name, _summary(check))
    console.answer_table(table)


def _summary(check: "Checked") -> str:
    if not check.findings:
        return check.well
    first = check.findings[0]
    more = f", and {len(check.findings) - 1} more" if len(check.findings) > 1 else ""
    about_all = "://" in first.place
    return (first.code if about_all else first.place) + more


def _show_services(health: "Health") -> None:
    rows = [(service, database) for database in health.databases for service in database.services]
    if not rows:
        return
    headings = ("service", "tables", "rows (about)", "MB", "connections", "budget")
    table = console.table(*((heading, "right" if number else "left") for number, heading in enumerate(headings)))
    for service, database in rows:
        share = database.capacity.share if database.capacity else 0
        table.add_row(
            service.name, str(len(service.tables)), f"{service.rows:,}", f"{service.bytes / 1e6:,.1f}",
            str(service.connections), str(share),
        )  # fmt: skip
    console.answer_table(table)
    for database in health.databases:
        if capacity := database.capacity:
            console.answer(
                f"{capacity.used} of {capacity.room.unreserved} connections are in use on the server of"
                f" {database.place.url.dbname}, {capacity.used_here} of them in this database"
            )
    console.answer("")


def _show_findings(listed: "Sequence[Finding]") -> None:
    findings.show(listed)
    number = sum(finding.needs_attention for finding in listed)
    aside = f", {len(listed) - number} for information" if len(listed) > number else ""
    if listed:
        console.answer("")
    if number:
        console.answer(f"{number} {'finding needs' if number == 1 else 'findings need'} attention{aside}.")
    else:
        console.answer(f"nothing needs attention{aside}.")
