"""TEC's legacy layout: 25 databases that Prisma pushed, all of which may be one, and where each column goes.

Pure data, to be audited line by line. What the general rules say isn't repeated: a camelCase column goes to its
snake_case namesake, moments are UTC, an amount that is a float goes by its digits. Ids stay the texts that they are. A
table loses its domain's prefix: the schema says it.
"""

from dataclasses import replace

from payrollx_db.catalogs.tec.legacy.enterprise import TITAN, ZONE
from payrollx_db.catalogs.tec.legacy.financial import ASSETS, FUNDX, LIFE, NBF
from payrollx_db.catalogs.tec.legacy.hub import TEC
from payrollx_db.catalogs.tec.legacy.people import CONNECTION, ELITE, EXPLORER
from payrollx_db.catalogs.tec.legacy.premium import EPIC, LEGEND, VIP
from payrollx_db.catalogs.tec.legacy.property import BROOKFIELD, ESTATE
from payrollx_db.catalogs.tec.legacy.shared import SHARED
from payrollx_db.catalogs.tec.legacy.technology import ALERT, ANALYTICS, DX, NEXUS, NX, SYSTEM
from payrollx_db.catalogs.tec.legacy.trade import COMMERCE, ECOMMERCE, INSURE
from payrollx_db.model.layout import Layout

__all__ = ["LAYOUT"]

DATABASES = (
    SHARED, LIFE, ASSETS, FUNDX, NBF, INSURE, COMMERCE, ECOMMERCE, DX, ANALYTICS,
    SYSTEM, ALERT, NX, NEXUS, EPIC, LEGEND, VIP, ESTATE, BROOKFIELD, CONNECTION, ELITE, EXPLORER, TITAN, ZONE, TEC,
)  # fmt: skip
WRITTEN_BY_PRISMA = frozenset({"updatedAt"})  # which sets it, so that no default does

LAYOUT = Layout(
    "legacy",
    tuple(replace(known, undefaulted=WRITTEN_BY_PRISMA) for known in DATABASES),
    timezone="UTC",
    migrations="prisma",
    sharing=True,
)
