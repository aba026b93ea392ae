"""What a database has of its services: revision, tables, rows, size; and when each was backed up last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from payrollx_db.backup import fingerprint
from payrollx_db.backup.manifest import Backup
from payrollx_db.backup.session import session
from payrollx_db.backup.signature import Key, Trust
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate


@dataclass(frozen=True)
class Presence:
    """One service in one database. ``revision`` is ``None`` where that doesn't have it.

    ``rows`` is ``None`` where only an estimate was asked for, and the server has none; ``exact`` tells which.
    ``signature`` is that of the last backup, ``no key`` where there is none to check it with.
    """

    service: Service
    database: DatabaseUrl
    revision: str | None
    tables: int
    rows: int | None
    exact: bool
    size: int
    last_backup: datetime | None
    signature: Trust | Literal["no key"] | None

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "service": self.service.name,
            "schema": self.service.schema,
            "database": self.database.masked,
            "revision": self.revision,
            "tables": self.tables,
            "rows": self.rows,
            "exact": self.exact,
            "bytes": self.size,
            "last_backup": self.last_backup.isoformat() if self.last_backup else None,
            "last_backup_signature": self.signature,
        }


def presences(
    url: DatabaseUrl,
    catalog: Catalog,
    services: Sequence[Service],
    last: Mapping[str, Backup],
    key: Key | None,
    *,
    exact: bool = False,
) -> list[Presence]:
    """Return what the database at ``url`` has of ``services``; with ``exact``, rows are counted.

    ``last`` is the last backup of each, ``key`` checks its signature. Raises TargetError, StateConflictError.
    """
    with session(url) as at, at.translating_errors("can't look at the services"):
        revisions = migrate.recorded(at.alembic, catalog)
        sizes = {row[0]: row[1:] for row in at.ask("overview", schemas=[service.schema for service in services])}
        listed = []
        for service in services:
            tables, rows, size, unknown = sizes.get(service.schema, (0, 0, 0, False))
            if exact:
                rows = fingerprint.count_rows(at, service.schema)
            counted = rows if exact or not unknown else None
            revision = revisions.get(service.name)
            backup = last.get(service.name)
            taken_at = backup.manifest.taken_at if backup else None
            listed.append(
                Presence(service, url, revision, tables, counted, exact, size, taken_at, _trust(backup, key))
            )  # fmt: skip
        return listed


def _trust(backup: Backup | None, key: Key | None) -> Trust | Literal["no key"] | None:
    if backup is None:
        return None
    return backup.trust(key) if key else "no key"
