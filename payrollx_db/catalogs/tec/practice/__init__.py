"""TEC's legacy databases for practice, in each of its three hostings."""

from payrollx_db.catalogs.tec.legacy import LAYOUT
from payrollx_db.catalogs.tec.legacy.hostings import HYBRID, MOVED_OUT, SHARED
from payrollx_db.catalogs.tec.practice.values import VALUES
from payrollx_db.catalogs.tec.unified import CATALOG
from payrollx_db.devserver.practice import LegacySummary, Observer
from payrollx_db.devserver.prisma_rows import RowMaker
from payrollx_db.devserver.prisma_world import World
from payrollx_db.errors import CatalogError
from payrollx_db.postgres.url import DatabaseUrl

__all__ = ["make_legacy"]

LAYOUTS = {layout.name: layout for layout in (LAYOUT, SHARED, HYBRID)}

# Rows for each user, where it isn't one that belongs to a user; a negative number: so many in all.
ROWS = {
    "shared.users": 1.0, "shared.business_units": -3.0, "shared.system_control": -1.0, "shared.products": 0.4,
    "tec.users": 0.8, "tec.domains": -24.0, "tec.signals": 0.3,
    "epic.tiers": -4.0, "legend.tiers": -3.0, "vip.tiers": -5.0,
}  # fmt: skip


def make_legacy(
    url: DatabaseUrl,
    *,
    employees: int,
    hostile: bool = False,
    seed: int = 1,
    observer: Observer | None = None,
    layout: str = LAYOUT.name,
    prefix: str = "",
) -> LegacySummary:
    """Make TEC's legacy databases as ``layout`` hosts them, for ``employees`` users.

    As `payrollx_db.devserver.practice.Practice` says, with ``prefix`` before each database's name. Raises CatalogError
    where there is no such layout.
    """
    if layout not in LAYOUTS:
        raise CatalogError(f"TEC has no layout {layout!r}", hint=f"it has {', '.join(LAYOUTS)}")
    chosen = LAYOUTS[layout]
    rows = RowMaker(CATALOG, chosen, employees, VALUES, ROWS)
    moved = dict.fromkeys(MOVED_OUT, "shared") if chosen is HYBRID else {}
    return World(__name__, chosen, rows, moved, prefix).make(url, hostile=hostile, seed=seed, observer=observer)
