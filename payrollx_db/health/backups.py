"""When each service was backed up last, and whether that is long ago. It looks at files, not at a database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from payrollx_db.health.database import MINUTE
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.finding import Finding

HOUR = 60 * MINUTE


def judge(
    catalog: Catalog, services: Sequence[Service], last: Mapping[str, datetime], most: float, now: datetime
) -> list[Finding]:
    """Return a finding for each of these services that has no backup, or none that is younger than ``most`` seconds."""
    findings = []
    for service in services:
        remedy = catalog.command(f"service backup {service.name}")
        newest = last.get(service.name)
        age = (now - newest).total_seconds() if newest else 0.0
        if newest is None:
            message = "there is no backup of it in that folder"
            findings.append(_finding("no-backup", service, message, remedy))
        elif age > most:
            message = f"the newest is {age / HOUR:,.0f} h old: of {newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            findings.append(_finding("old-backup", service, message, remedy))
    return findings


def _finding(code: str, service: Service, message: str, remedy: str) -> Finding:
    return Finding(code, "warn", f"service {service.name}", 1, message, remedy=remedy, subject=service.name)
