"""One database under examination: who is placed there, what is expected of it, and how it is asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.rows import namedtuple_row

from payrollx_db.consolidate.state.unfinished import UnfinishedRun
from payrollx_db.model.catalog import Catalog, Reference, Service
from payrollx_db.model.finding import Finding, Severity
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint
from payrollx_db.postgres.url import DatabaseUrl

queries = query_files.beside(__name__)

MINUTE, DAY = 60.0, 86_400.0
MEGABYTE = 1_000_000

# Reads when the newest backup of each service was made, by the service's name.
ReadBackups = Callable[[], Mapping[str, datetime]]


@dataclass(frozen=True)
class Place:
    """One database, and the services whose schemas lie there."""

    url: DatabaseUrl
    services: tuple[Service, ...]

    @property
    def schemas(self) -> list[str]:
        """The schemas of its services."""
        return [service.schema for service in self.services]


@dataclass(frozen=True)
class Limits:
    """From where on something is a finding."""

    transaction_seconds: float = 5 * MINUTE
    connections: float = 0.8  # of what the server has open to all
    unused_days: float = 7.0
    unused_bytes: int = MEGABYTE
    analyzed_bytes: int = 64 * 1024  # below, the planner can't go far wrong
    backup_seconds: float = 26 * 60 * MINUTE  # a daily one that may be two hours late


@dataclass(frozen=True)
class Expected:
    """What the databases should be like.

    ``branches`` has each service's revisions, oldest first; ``backups`` reads when the last ones were made,
    if backups are to be checked.
    """

    catalog: Catalog
    branches: Mapping[str, tuple[str, ...]]
    backups: ReadBackups | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Database:
    """An open session, and the ways to ask and to tell. ``run`` is the unfinished run that writes there, if any."""

    place: Place
    endpoint: Endpoint
    connection: Connection
    expected: Expected
    run: UnfinishedRun | None = None

    def under_way(self, schema: str, table: str) -> bool:
        """Whether an unfinished run will itself build what the table lacks, and analyze it."""
        return self.run is not None and f"{schema}.{table}" in (*self.run.tables, *self.run.lacking)

    async def rows(self, name: str, **params: Any) -> list[Any]:
        """Run ``queries/<name>.sql`` and return its rows as named tuples. Every query may use ``schemas``."""
        async with self.connection.cursor(row_factory=namedtuple_row) as cursor:
            await cursor.execute(queries.load(name), {"schemas": self.place.schemas, **params})
            return await cursor.fetchall()

    async def row(self, name: str, **params: Any) -> Any:
        """Return the one row of a query that has one."""
        (row,) = await self.rows(name, **params)
        return row

    @property
    def loose(self) -> str:
        """The columns of its services that refer without a foreign key, as a query's parameter: JSON."""
        references = [r for r in self.expected.catalog.references if self._is_loose_here(r)]
        tables = [reference.table.partition(".") for reference in references]
        return json.dumps(
            [
                {"schema": schema, "relation": table, "columns": reference.columns}
                for reference, (schema, _, table) in zip(references, tables, strict=True)
            ]
        )

    def command(self, words: str) -> str:
        """Return the command line for ``payrollx-db words`` with the catalog, for remedies."""
        return self.expected.catalog.command(words)

    def finding(
        self,
        code: str,
        severity: Severity,
        message: str,
        remedy: str,
        *,
        place: str = "",
        schema: str = "",
        count: int = 1,
    ) -> Finding:
        """Return a finding. ``schema`` says whose it is; without ``place`` it is about this database."""
        service = next((s.name for s in self.place.services if s.schema == schema), "")
        return Finding(code, severity, place or self.place.url.masked, count, message, remedy=remedy, subject=service)

    def _is_loose_here(self, reference: Reference) -> bool:
        return not reference.enforced and reference.table.partition(".")[0] in self.place.schemas


def quoted(*names: str) -> str:
    """Return a qualified name as SQL takes it, for remedies that people run."""
    return sql.Identifier(*names).as_string()
