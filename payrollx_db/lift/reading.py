"""The catalogs of the sources: read once a database, however many of its schemas are lifted."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from payrollx_db.lift.project import LiftedSchema
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.introspect import Database, KnownCatalogs, inspect
from payrollx_db.postgres.session import Endpoint
from payrollx_db.postgres.session_pool import SessionPool

AT_ONCE = 8


async def read_databases(
    sessions: SessionPool,
    endpoints: Mapping[str, Endpoint],
    sources: Iterable[LiftedSchema],
    catalogs: KnownCatalogs | None = None,
) -> dict[str, Database]:
    """Return the catalog of each source's database, by the source's name. What ``catalogs`` know isn't read again.

    Raises SourceError.
    """
    groups = by_database(endpoints, sources)
    known = await limited([inspect(sessions, endpoints[group[0].source], catalogs) for group in groups], AT_ONCE)
    return {
        source.source: replace(database, name=source.source)
        for group, database in zip(groups, known, strict=True)
        for source in group
    }


def by_database(endpoints: Mapping[str, Endpoint], sources: Iterable[LiftedSchema]) -> list[list[LiftedSchema]]:
    """Return the sources in groups, one group a database."""
    groups: dict[str, list[LiftedSchema]] = {}
    for source in sources:
        groups.setdefault(endpoints[source.source].url.identity, []).append(source)
    return list(groups.values())
