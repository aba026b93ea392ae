"""TEC's seed: its domains with their sectors, its business units, and one user to try it with.

The documents name no rows; these are what the hub and the shared pages need to show anything at all.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from payrollx_db.catalogs.tec import shared, tec
from payrollx_db.model.catalog import Service
from payrollx_db.schema.seed import Seed, SeedRows

NOW = datetime(2026, 2, 16, 8, tzinfo=UTC)
CUID_LETTERS = 24  # after its c

SECTORS = {
    "financial": ("life", "assets", "fundx", "nbf"),
    "insurance": ("insure",),
    "commerce": ("commerce", "ecommerce"),
    "technology": ("dx", "analytics", "system", "alert", "nx", "nexus"),
    "premium": ("epic", "legend", "vip"),
    "real estate": ("estate", "brookfield"),
    "networking": ("connection", "elite"),
    "travel": ("explorer",),
    "enterprise": ("titan", "zone"),
    "hub": ("tec",),
}
UNITS = (("fundx", "FundX"), ("explorer", "Explorer"), ("commerce", "Commerce"))


def key(kind: str, what: str) -> str:
    """Return the key of the row that is ``kind`` and about ``what``, in the form of a cuid."""
    return "c" + hashlib.sha256(f"{kind}:{what}".encode()).hexdigest()[:CUID_LETTERS]


PIONEER = key("user", "pioneer")


def _rows(service: Service) -> SeedRows:
    """Return the rows of one service: its tables in an order that foreign keys allow, each with its rows."""
    return list({"shared": _shared, "tec": _tec}.get(service.name, _nothing)())


def _nothing() -> Iterator[tuple[Table, Sequence[dict[str, Any]]]]:
    yield from ()


def _shared() -> Iterator[tuple[Table, Sequence[dict[str, Any]]]]:
    dated = {"created_at": NOW, "updated_at": NOW}
    yield shared.db.users, [{"id": PIONEER, "pi_id": "pi-pioneer", "username": "pioneer", **dated}]
    yield shared.db.business_units, [
        {"id": key("unit", unit), "key": unit, "name": name, "display_name": name, "icon": unit, "tagline": name,
         "description": f"The business unit {name}", "color": "#444444", **dated}
        for unit, name in UNITS
    ]  # fmt: skip


def _tec() -> Iterator[tuple[Table, Sequence[dict[str, Any]]]]:
    dated = {"created_at": NOW, "updated_at": NOW}
    yield tec.db.domains, [
        {"id": key("domain", name), "name": name, "display_name": name.capitalize(), "sector": sector,
         "description": f"The domain {name}", "category": sector, "icon": name, "color": "#444444", **dated}
        for sector, names in SECTORS.items()
        for name in names
    ]  # fmt: skip


def _other_users(opened: Connection, service: Service) -> str:
    if service.name != shared.service.name:
        return ""
    users = shared.db.users
    other = opened.execute(select(users.c.id).where(users.c.id != PIONEER).limit(1)).first()
    return "other users than the seed's" if other else ""


SEED = Seed(
    _rows, note="the one user is pioneer; TEC knows its users by Pi, so that nobody has a password", others=_other_users
)
