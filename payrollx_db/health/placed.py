"""Where each service is placed: its database, whether it answers and has the tables, and what is only declared.

A foreign key can't lead from one database into another. Between services that are apart, an enforced reference is a
declaration: nothing holds it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.errors import PayrollxError
from payrollx_db.health.database import Place
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Endpoint, run, session
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Placed:
    """One service: where it is, which variable says so, and what is wrong there (empty where nothing is)."""

    service: Service
    url: DatabaseUrl
    variable: str
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "service": self.service.name,
            "url": self.url.masked,
            "variable": self.variable,
            "usable": not self.problem,
            "problem": self.problem,
        }


@dataclass(frozen=True)
class Placements:
    """All services, and the enforced references that are only declared because their ends are apart."""

    services: tuple[Placed, ...]
    declared: tuple[Reference, ...]

    @property
    def usable(self) -> bool:
        """Whether every service's database answers and has its tables."""
        return not any(placed.problem for placed in self.services)

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "services": [placed.document() for placed in self.services],
            "declared_only": [str(reference) for reference in self.declared],
        }


async def find_placements(
    catalog: Catalog, places: Iterable[Place], variables: dict[str, str], seconds: float
) -> Placements:
    """Ask every database, all at once, for ``seconds`` at most.

    ``variables`` says for each service which variable places it. Raises nothing: what fails is a problem.
    """
    asked = list(places)
    by_place = await asyncio.gather(*(_problems(place, seconds) for place in asked))
    problems = {name: problem for of_place in by_place for name, problem in of_place.items()}
    urls = {service.name: place.url for place in asked for service in place.services}
    services = tuple(Placed(s, urls[s.name], variables[s.name], problems[s.name]) for s in catalog.services)
    apart = (r for r in catalog.references if r.enforced and catalog.crosses(r))
    declared = tuple(
        r for r in apart if urls[catalog.owner(r.table).name].place != urls[catalog.owner(r.target_table).name].place
    )
    return Placements(services, declared)


async def _problems(place: Place, seconds: float) -> dict[str, str]:
    """Return what is wrong with each service of a database: empty text where nothing is."""
    endpoint = Endpoint(place.url, "target", place.url.dbname)
    try:
        async with asyncio.timeout(seconds), session(endpoint) as connection:
            with endpoint.translating_errors("can't read its tables"):
                query = sql.SQL(queries.load("table_names"))
                there = set(await run(connection, query, {"schemas": place.schemas}))
    except TimeoutError:
        return dict.fromkeys((s.name for s in place.services), f"no answer within {seconds:g} s")
    except PayrollxError as error:
        return dict.fromkeys((s.name for s in place.services), error.message)
    return {service.name: _missing(service, there) for service in place.services}


def _missing(service: Service, there: set[tuple[str, str | None]]) -> str:
    missing = [f"{service.schema}.{table}" for table in service.tables if (service.schema, table) not in there]
    has_schema = any(schema == service.schema for schema, _ in there)
    if not has_schema or (missing and len(missing) == len(service.tables)):
        return "not migrated"
    return f"lacks {', '.join(missing)}" if missing else ""
