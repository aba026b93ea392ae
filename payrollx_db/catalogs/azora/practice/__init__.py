"""Azora's legacy databases for practice: nine services in seven databases, three of which share one.

What others have left in mint's database, of a schema that was given up, is there too.
"""

from payrollx_db.catalogs.azora.legacy import LAYOUT
from payrollx_db.catalogs.azora.practice.values import VALUES
from payrollx_db.catalogs.azora.unified import CATALOG
from payrollx_db.devserver.practice import LegacySummary, Observer
from payrollx_db.devserver.prisma_rows import RowMaker
from payrollx_db.devserver.prisma_world import World
from payrollx_db.postgres.url import DatabaseUrl

__all__ = ["make_legacy"]

# Rows for each user, where it isn't one that belongs to a user; a negative number: so many in all.
ROWS = {
    "auth.users": 1.0, "education.students": 0.7, "education.courses": 0.05, "education.modules": 0.4,
    "forge.skill_profiles": 0.3, "mint.economic_metrics": 0.2, "ai_family.family_members": -11.0,
    "health_monitor.logs": 3.0, "notification.notifications": 2.0,
}  # fmt: skip
UUIDS = frozenset({"sapiens", "ai_family", "notification", "health_monitor"})


def make_legacy(
    url: DatabaseUrl,
    *,
    employees: int,
    hostile: bool = False,
    seed: int = 1,
    observer: Observer | None = None,
    prefix: str = "",
) -> LegacySummary:
    """Make Azora's legacy databases, for ``employees`` users. As `payrollx_db.devserver.practice.Practice` says.

    ``prefix`` goes before each database's name.
    """
    rows = RowMaker(CATALOG, LAYOUT, employees, VALUES, ROWS, UUIDS)
    return World(__name__, LAYOUT, rows, prefix=prefix).make(url, hostile=hostile, seed=seed, observer=observer)
