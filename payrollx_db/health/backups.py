"""When each service was backed up last, and whether that is long ago. It looks at files, not at a database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from payrollx_db.health.database import MINUTE
from payrollx_db.health.findings import Finding
from payrollx_db.model.catalog import Service

HOUR = 60 * MINUTE


def judge(services: Sequence[Service], last: Mapping[str, datetime], most: float, now: datetime) -> list[Finding]:
    """Return a finding for each service that has no backup, or none that is younger than ``most`` seconds."""
    found = []
    for service in services:
        remedy = f"payrollx-db service backup {service.name}"
        made = last.get(service.name)
        age = (now - made).total_seconds() if made else 0.0
        if made is None:
            detail = "there is no backup of it in that folder"
            found.append(_finding("no-backup", service, detail, remedy))
        elif age > most:
            detail = f"the newest is {age / HOUR:,.0f} h old: of {made.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            found.append(_finding("old-backup", service, detail, remedy))
    return found


def _finding(code: str, service: Service, detail: str, remedy: str) -> Finding:
    return Finding(code, "warn", service.name, f"service {service.name}", detail, remedy)
