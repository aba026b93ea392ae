"""Hand a service over to a database of its own, take it back, and clear the place that it has left.

The way is a backup here and a restore there, so there is always a backup to return to, and the rows there
are proven against what they were here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from payrollx_db.backup import fingerprint, needs
from payrollx_db.backup.create import FindClients, Observer, Step, backup, ignore_events
from payrollx_db.backup.manifest import Backup
from payrollx_db.backup.restore import Accept, Restored, empty_schema, keys_between, lock, refuse, restore
from payrollx_db.backup.session import Session, session
from payrollx_db.backup.signature import Key
from payrollx_db.errors import ConfigurationError, StateConflictError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.place import is_same_database
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import audit, foreign_keys, migrate


@dataclass(frozen=True)
class Handover:
    """A service that was brought from one database into another: the backup on the way, and the restore there."""

    backup: Backup
    restored: Restored

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {"backup": str(self.backup.folder)} | self.restored.document()


@dataclass(frozen=True)
class Dropped:
    """A service that was removed: how many rows went, and the references that nothing enforces any more."""

    service: str
    rows: int
    backup: Backup
    loosened: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "service": self.service, "rows": self.rows, "backup": str(self.backup.folder),
            "loosened": list(self.loosened),
        }  # fmt: skip


def hand_over(
    service: Service, source: DatabaseUrl, target: DatabaseUrl, folder: Path, *,
    catalog: Catalog, metadata: MetaData, find: FindClients, key: Key, accept: Accept = refuse,
    observer: Observer = ignore_events,
) -> Handover:  # fmt: skip
    """Bring ``service`` from ``source`` into ``target``, in the place of what that has of it, by way of ``folder``.

    The backup on the way is signed with ``key``; ``accept`` is as of `restore`.
    The source keeps what it has (`drop` removes it). Raises ConfigurationError where both are one database, and
    as `backup` and `restore` do.
    """
    source, target = _places(source, target)
    _require(service, source, target, catalog.owner_role)
    (written,) = backup(source, catalog, [service], folder, find, observer, key=key, prove=False)
    restored = restore(written, target, catalog, metadata, find, observer, key=key, accept=accept)
    return Handover(written, restored)


def drop(
    service: Service, url: DatabaseUrl, proof: Backup, *,
    catalog: Catalog, metadata: MetaData, key: Key | None, loosen: bool = False, observer: Observer = ignore_events,
) -> Dropped:  # fmt: skip
    """Remove ``service`` from the database at ``url``: schema, rows, and the record of its migrations; all or nothing.

    ``proof`` must hold every row as it is now, and be signed with ``key``; ``None`` takes it unsigned. Raises
    FindingsError where that backup is damaged or not signed so, and StateConflictError where it holds something else,
    where a copy isn't finished, where the database doesn't have the service, and, unless ``loosen``, where foreign
    keys of other services point at it.
    """
    if (proof.manifest.catalog, proof.manifest.service) != (catalog.name, service.name):
        raise StateConflictError(f"{proof.folder} is no backup of {service.name}")
    if key is not None:
        proof.require_signature(key)
    proof.verify()
    with session(url, lock_for=catalog) as at, at.translating_errors(f"can't remove {service.name}"):
        if service.name not in migrate.recorded(at.alembic, catalog):
            raise StateConflictError(f"{url.masked} doesn't have the service {service.name}")
        at.keep_copies_out(catalog, service.schema)
        incoming = [key for key in foreign_keys.between_services(metadata) if key.target[0] == service.schema]
        enforced = _enforced(at, service, incoming)
        if enforced and not loosen:
            raise StateConflictError(
                f"foreign keys of other services point at {service.name}",
                details=enforced,
                hint="add --loosen: the references stay, and nothing enforces them any more",
            )
        lock(at, service.schema, incoming)
        observer(Step(service.name, f"comparing with {proof.folder.name}"))
        _prove(at, service, proof)
        _remove(at, service, catalog, metadata)
    return Dropped(service.name, proof.manifest.rows, proof, enforced)


def _remove(at: Session, service: Service, catalog: Catalog, metadata: MetaData) -> None:
    for statement in foreign_keys.drop(metadata, service.schema):
        at.run(statement)
    at.run(audit.drop(service.schema))
    empty_schema(at, service.schema, service.schema)
    migrate.record(at.alembic, catalog, service.name, None)
    # Refuses where the log of another service's tables has gone.
    at.run(audit.make(metadata, catalog.owner_role))


def _prove(at: Session, service: Service, proof: Backup) -> None:
    changed = fingerprint.differences(at, service.schema, proof.manifest.tables)
    if changed:
        raise StateConflictError(
            f"{service.name} isn't what the backup {proof.folder} holds; nothing was removed",
            details=tuple(changed),
            hint=f"if those rows may go, make a new one first: payrollx-db service backup {service.name}",
        )


def _enforced(at: Session, service: Service, incoming: Sequence[foreign_keys.Key]) -> tuple[str, ...]:
    keys = keys_between(at, service.schema)
    return tuple(str(key) for key in incoming if (*key.table, key.name) in keys)


def _require(service: Service, source: DatabaseUrl, target: DatabaseUrl, owner: str) -> None:
    """Raise FindingsError where the target lacks what the service needs, before a dump is written."""
    with session(source) as at, at.translating_errors("can't look at what the service needs"):
        needed = needs.fetch(at, service.schema)
    with session(target) as at:
        needs.require_all(at, needed, service.name, owner, elsewhere=True)


def _places(source: DatabaseUrl, target: DatabaseUrl) -> tuple[DatabaseUrl, DatabaseUrl]:
    """Return the URLs of the places that these two lead to. Raises as `hand_over`, and PooledError."""
    with session(source) as one, session(target) as other:
        for at in (one, other):
            migrate.refuse_pooler(at.alembic, at.url, "the service goes over by pg_dump, in sessions of its own")
        with one.translating_errors("can't tell which database it is"):
            alike = is_same_database(one.raw, other.raw)
        if alike:
            raise ConfigurationError(
                f"{source.masked} and {target.masked} are the same database",
                hint="create a database for the service, and name that",
            )
        return migrate.place_of(one.alembic, source), migrate.place_of(other.alembic, target)
