"""Where each service is placed: its database, whether it answers and has the tables, and what is only declared.

A foreign key can't lead from one database into another. Between services that are apart, an enforced reference is a
declaration: nothing holds it.
"""

import asyncio
from collections.abc import Iterable, Mapping
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
class ReadApart:
    """A table that services may read, and can't, because they are in other databases than the one at ``url``."""

    table: str
    owner: str
    url: DatabaseUrl
    readers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table} is at {self.url.masked}, and not where {', '.join(self.readers)} would read it"

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"table": self.table, "url": self.url.masked, "readers": list(self.readers)}


@dataclass(frozen=True)
class LeftBehind:
    """Tables of a service in a database where it isn't placed (any more): what they hold grows old unseen."""

    service: str
    url: DatabaseUrl
    tables: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"service": self.service, "url": self.url.masked, "tables": list(self.tables)}


@dataclass(frozen=True)
class Placements:
    """All services, and what being apart means for them.

    ``declared`` are the enforced references that are only declared, ``reads`` the tables that can't be read, and
    ``left`` what lies where nobody looks for it.
    """

    services: tuple[Placed, ...]
    declared: tuple[Reference, ...]
    reads: tuple[ReadApart, ...] = ()
    left: tuple[LeftBehind, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether every service's database answers and has its tables."""
        return not any(placed.problem for placed in self.services)

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "services": [placed.document() for placed in self.services],
            "declared_only": [str(reference) for reference in self.declared],
            "reads_apart": [read.document() for read in self.reads],
            "left_behind": [left.document() for left in self.left],
        }


async def find_placements(
    catalog: Catalog, places: Iterable[Place], variables: dict[str, str], seconds: float
) -> Placements:
    """Ask every database, all at once, for ``seconds`` at most.

    ``variables`` says for each service which variable places it. Raises nothing: what fails is a problem.
    """
    asked = list(places)
    by_place = await asyncio.gather(*(_look(catalog, place, seconds) for place in asked))
    problems = {name: problem for of_place, _ in by_place for name, problem in of_place.items()}
    urls = {service.name: place.url for place in asked for service in place.services}
    services = tuple(Placed(s, urls[s.name], variables[s.name], problems[s.name]) for s in catalog.services)
    apart = (r for r in catalog.references if r.enforced and catalog.crosses(r))
    declared = tuple(
        r for r in apart if urls[catalog.owner(r.table).name].place != urls[catalog.owner(r.target_table).name].place
    )
    left = tuple(sorted((one for _, of_place in by_place for one in of_place), key=lambda one: one.service))
    here = {(name, url.place) for name, url in urls.items()}
    left = tuple(one for one in left if (one.service, one.url.place) not in here)
    return Placements(services, declared, reads_apart(catalog, urls), left)


def reads_apart(catalog: Catalog, urls: Mapping[str, DatabaseUrl]) -> tuple[ReadApart, ...]:
    """Return the tables that services may read and that are in another database, by where each service is.

    Of a service that ``urls`` doesn't have, nothing is said.
    """
    found: dict[str, list[str]] = {}
    for service in catalog.services:
        for table in service.reads:
            owner = catalog.owner(table).name
            if service.name in urls and owner in urls and urls[service.name].place != urls[owner].place:
                found.setdefault(table, []).append(service.name)
    owners = {table: catalog.owner(table).name for table in found}
    return tuple(ReadApart(t, owners[t], urls[owners[t]], tuple(readers)) for t, readers in sorted(found.items()))


async def _look(catalog: Catalog, place: Place, seconds: float) -> tuple[dict[str, str], list[LeftBehind]]:
    """Return what is wrong with each service of a database (empty: nothing), and what lies there besides."""
    try:
        there = await _tables(catalog, place, seconds)
    except TimeoutError:
        return dict.fromkeys((s.name for s in place.services), f"no answer within {seconds:g} s"), []
    except PayrollxError as error:
        return dict.fromkeys((s.name for s in place.services), error.message), []
    left = []
    for service in catalog.services if catalog.has_models else ():
        tables = tuple(table for table in service.tables if (service.schema, table) in there)
        if tables and service not in place.services:
            left.append(LeftBehind(service.name, place.url, tables))
    return {service.name: _missing(service, there) for service in place.services}, left


async def _tables(catalog: Catalog, place: Place, seconds: float) -> set[tuple[str, str | None]]:
    endpoint = Endpoint(place.url, "target", place.url.dbname)
    async with asyncio.timeout(seconds), session(endpoint) as connection:
        with endpoint.translating_errors("can't read its tables"):
            query = sql.SQL(queries.load("table_names"))
            return set(await run(connection, query, {"schemas": [service.schema for service in catalog.services]}))


def _missing(service: Service, there: set[tuple[str, str | None]]) -> str:
    missing = [f"{service.schema}.{table}" for table in service.tables if (service.schema, table) not in there]
    has_schema = any(schema == service.schema for schema, _ in there)
    if not has_schema or (missing and len(missing) == len(service.tables)):
        return "not migrated"
    return f"lacks {', '.join(missing)}" if missing else ""
