"""Koinonia's legacy databases for practice: the registry's, and one for each church, made as ``prisma db push`` does.

About a third of the churches' are of an older shape; some churches are suspended, archived or gone.
"""

from payrollx_db.catalogs.koinonia.practice.world import ChurchWorld
from payrollx_db.devserver.practice import LegacySummary, Observer
from payrollx_db.postgres.url import DatabaseUrl

__all__ = ["make_legacy"]

MEMBERS_OF_A_CHURCH = 50  # as long as nobody says how many churches there are to be
LEAST = 3  # churches: what is hostile needs as many


def make_legacy(
    url: DatabaseUrl,
    *,
    employees: int,
    hostile: bool = False,
    seed: int = 1,
    observer: Observer | None = None,
    tenants: int = 0,
    prefix: str = "",
) -> LegacySummary:
    """Make Koinonia's legacy databases, for ``employees`` members in all, of as many churches as ``tenants`` says.

    As `payrollx_db.devserver.practice.Practice` says; without ``tenants``, there is a church for every fifty members.
    ``prefix`` goes before each database's name. Hostile ones have more churches, whose databases can't be had.
    """
    churches = tenants or max(LEAST, employees // MEMBERS_OF_A_CHURCH)
    if hostile:
        churches = max(LEAST, churches)
    return ChurchWorld(url, churches, employees, seed, hostile, prefix).make(observer)
