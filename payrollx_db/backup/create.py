"""Back services up: a dump each, and a signed manifest that proves it, all of them as of one moment.

One session exports its snapshot and keeps it; every pg_dump reads under that snapshot, and so does the
session when it hashes the rows for the manifests. A backup is written under a hidden name, and gets its own once
everything in it has reached the disk: what has a name of a backup is one.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg import sql

from payrollx_db import __version__
from payrollx_db.backup import fingerprint, manifest, needs, proof, signature
from payrollx_db.backup.clients import MAJOR, Clients
from payrollx_db.backup.manifest import Backup, Manifest
from payrollx_db.backup.session import Session, session
from payrollx_db.backup.signature import Key
from payrollx_db.errors import ConfigurationError, FindingsError, StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate

# So that pg_dump and the hashes see one state: tables that are read can't be changed in shape meanwhile.
LOCK = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE")


PROVING, PROVEN = "proving that it can be restored", "it can be restored"
NOT_PROVEN = "add --no-prove to back up without the proof; or let the role that migrates do it"


@dataclass(frozen=True)
class Step:
    """Something that was done for a service, for whoever watches."""

    service: str
    what: str


class UnrestorableError(FindingsError):
    """Backups that can't be restored were not kept; ``kept`` are the others of the same call."""

    def __init__(self, failures: Sequence[FindingsError], kept: Sequence[Backup]) -> None:
        """Say of each what is wrong."""
        first, *more = failures
        details = [*first.details, *(line for error in more for line in (error.message, *error.details))]
        super().__init__(first.message, details=tuple(details), hint=first.hint)
        self.kept = list(kept)


Observer = Callable[[Step], None]
FindClients = Callable[[int], Clients]


def ignore_events(_: Step) -> None:
    """Watch nothing."""


def backup(
    url: DatabaseUrl, catalog: Catalog, services: Sequence[Service], folder: Path, find: FindClients,
    observer: Observer = ignore_events, *, key: Key, prove: bool | None = None,
) -> list[Backup]:  # fmt: skip
    """Back ``services`` of the database at ``url`` up into ``folder``, under one snapshot, signed with ``key``.

    With ``prove`` each is restored in a transaction that is undone, and only those that can be are kept; ``None``
    proves those that hold more than models can say, where the role can. Else all or none. ``find`` gives the programs
    for a server's version number. Raises ConfigurationError where the folder can't be written or there is no fitting
    pg_dump, StateConflictError where the database doesn't have one of the services, a copy into it isn't finished, or
    its tables change just then, UnrestorableError where one can't be restored, and TargetError.
    """
    with _disk(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with session(url) as at:
        migrate.refuse_pooler(at.alembic, url, "pg_dump needs a session of its own, and one snapshot for all of them")
        reason = proof.obstacle(at, services) if prove is not False else ""
        if prove and reason:
            raise ConfigurationError(f"a backup of {url.masked} can't be proven: {reason}", hint=NOT_PROVEN)
        before = _Shape.of(at, catalog, services)
        role = _reader(at, services)
        url = migrate.place_of(at.alembic, url)  # for all that follows, pg_dump too
    failures: list[FindingsError] = []
    with ExitStack() as unfinished, _disk(folder):
        with session(url) as reading:  # which holds its snapshot no longer than the dumps take
            snapshot = _snapshot(reading, [table.identifier for table in before.tables], role)
            revisions = before.still(reading, catalog, services)
            clients = find(reading.raw.info.server_version)
            writer = _Writer(url, catalog, tuple(services), snapshot, role, datetime.now(UTC), clients, key)
            parts = writer.write_all(reading, revisions, folder, unfinished, observer)
        if prove or (prove is None and not reason):
            parts = [part for part in parts if _is_good(part, writer, observer, failures, every=bool(prove))]
        for part in parts:
            part.hidden.rename(part.folder)
        _sync(folder)
    backups = [manifest.read(part.folder) for part in parts]
    if failures:
        raise UnrestorableError(failures, backups)
    return backups


def _is_good(
    part: "_Part", writer: "_Writer", observer: Observer, failures: list[FindingsError], *, every: bool
) -> bool:
    """Tell whether a backup can be restored, as far as it is tried; where it can't, ``failures`` get the reason."""
    service, path = part.manifest.service, part.hidden / part.manifest.dump
    try:
        contents = proof.contents_of(path, part.manifest, writer.catalog, writer.clients)
        if contents.is_plain and not part.unpinned and not every:
            return True
        observer(Step(service, PROVING))
        proof.prove(contents, part.manifest, part.inventory, writer.url, writer.catalog)
    except FindingsError as error:
        failures.append(error)
        return False
    observer(Step(service, PROVEN))
    if contents.extras:
        observer(Step(service, f"a restore needs --extras, for what no migration makes: {len(contents.extras)} in all"))
    return True


def prune(folder: Path, newest: Backup, keep: int, key: Key) -> list[Backup]:
    """Delete what is older than the newest ``keep`` backups like ``newest``; return it. Touches whole backups only.

    Like it are those of the same service of the same database: who shares a folder, or has handed a service over,
    doesn't lose the other database's. Only those that ``key`` signed are kept count of, so that nobody has them
    deleted by putting others beside them.
    """
    ours = (newest.manifest.catalog, newest.manifest.database)
    backups = manifest.whole_backups(folder, newest.manifest.service)
    alike = [backup for backup in backups if (backup.manifest.catalog, backup.manifest.database) == ours]
    kept = [backup for backup in alike if backup.trust(key) == "signed"][:keep]
    if len(kept) < keep:
        return []
    old = [backup for backup in alike if backup.manifest.taken_at < kept[-1].manifest.taken_at]
    for backup in old:
        # Out of sight first: what is half-deleted mustn't look like a backup.
        hidden = backup.folder.with_name(f".{backup.folder.name}.deleted")
        with _disk(folder):
            backup.folder.rename(hidden)
            shutil.rmtree(hidden)
    return old


@dataclass(frozen=True)
class _Shape:
    """The tables that there are, and the revision of each service."""

    tables: tuple[Table, ...]
    revisions: dict[str, str]

    @classmethod
    def of(cls, at: Session, catalog: Catalog, services: Sequence[Service]) -> "_Shape":
        """Look at a database. Raises StateConflictError where it lacks a service, or a copy isn't finished."""
        schemas = [service.schema for service in services]
        revisions = _revisions(at, catalog, services)
        at.refuse_unfinished_run(schemas)
        return cls(tuple(fingerprint.tables(at, schemas)), revisions)

    def still(self, reading: Session, catalog: Catalog, services: Sequence[Service]) -> dict[str, str]:
        """Return the revisions as the snapshot has them.

        Raises StateConflictError where somebody migrated, or began a copy, after we looked and before we locked.
        """
        now = _Shape.of(reading, catalog, services)
        if self.names != now.names or self.revisions != now.revisions:
            raise StateConflictError(
                f"the tables of {reading.url.masked} were changed while the backup began; nothing was written",
                hint="run it again, once migrations and restores are done",
            )
        return now.revisions

    @property
    def names(self) -> set[tuple[str, str]]:
        """The tables' schemas and names."""
        return {(table.schema, table.name) for table in self.tables}


@dataclass(frozen=True)
class _Part:
    """A backup that was written under a hidden name: that folder, the one that it is to get, and what is in it.

    ``unpinned`` tells that a function which finds names by the session's search_path is called while it is restored.
    """

    hidden: Path
    folder: Path
    manifest: Manifest
    inventory: proof.Inventory
    unpinned: bool


@dataclass(frozen=True)
class _Writer:
    """Writes the backups of one call, with what they share."""

    url: DatabaseUrl
    catalog: Catalog
    services: tuple[Service, ...]
    snapshot: str
    role: str
    at: datetime
    clients: Clients
    key: Key

    def write_all(
        self, reading: Session, revisions: Mapping[str, str], folder: Path, unfinished: ExitStack, observer: Observer
    ) -> list[_Part]:
        """Write the backup of each service under a hidden name."""
        # Looking at revisions has changed the role.
        reading.run(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(self.role)))
        parts = []
        for service in self.services:
            observer(Step(service.name, "writing the dump, and hashing the rows"))
            parts.append(self.write(reading, service, revisions[service.name], folder, unfinished))
        return parts

    def write(self, reading: Session, service: Service, revision: str, folder: Path, unfinished: ExitStack) -> _Part:
        """Write one backup under a hidden name."""
        name = manifest.name_of(service.name, self.at)
        part = folder / f".{name}.{os.getpid()}.part"
        part.mkdir(mode=0o700)
        unfinished.callback(shutil.rmtree, part, ignore_errors=True)
        dump = part / f"{service.name}.dump"
        self.clients.dump(self.url, self._arguments(service), dump)
        dump.chmod(0o600)
        try:
            written_manifest = self._manifest(reading, service, revision, dump)
        except TargetError as error:  # an index's function that finds nothing stops the planner, too
            if error.sqlstate not in proof.NAMES_NOT_FOUND:
                raise
            raise proof.unrestorable(service, error, self.url) from error
        text = written_manifest.text()
        files = {manifest.FILE: text, signature.FILE: self.key.sign(text.encode())}
        for file, content in files.items():
            path = part / file
            path.touch(mode=0o600)
            path.write_bytes(content.encode())
        for written in (dump, *(part / file for file in files), part):
            _sync(written)
        unpinned = bool(reading.ask("unpinned", schema=service.schema))
        return _Part(part, folder / name, written_manifest, proof.inventory(reading, service.schema), unpinned)

    def _arguments(self, service: Service) -> list[str]:
        quoted = service.schema.replace('"', '""')
        return [
            "--format=custom", "--encoding=UTF8", "--strict-names",
            f'--schema="{quoted}"', f"--snapshot={self.snapshot}", f"--role={self.role}",
        ]  # fmt: skip

    def _manifest(self, reading: Session, service: Service, revision: str, dump: Path) -> Manifest:
        with reading.translating_errors(f"can't hash the rows of {service.name}"):
            return Manifest(
                catalog=self.catalog.name,
                service=service.name,
                schema=service.schema,
                revision=revision,
                taken_at=self.at,
                snapshot=self.snapshot,
                together=tuple(other.name for other in self.services),
                database=reading.identity(),
                server_version=reading.raw.info.parameter_status("server_version") or "",
                tool_version=__version__,
                dump=dump.name,
                dump_version=self.clients.major * MAJOR,
                dump_bytes=dump.stat().st_size,
                dump_sha256=manifest.sha256(dump),
                tables=fingerprint.records(reading, service.schema),
                enums=fingerprint.enums(reading, service.schema),
                grants=fingerprint.grants(reading, service.schema),
                needs=needs.fetch(reading, service.schema),
            )


def _reader(at: Session, services: Sequence[Service]) -> str:
    """Return the role that reads: the owner's, where we may; of tables that hide rows from their owner, the login's.

    Raises FindingsError where the login doesn't see these rows either.
    """
    hiding = fingerprint.hiding_tables(at, [service.schema for service in services])
    if not hiding:
        return str(at.run("SELECT CURRENT_USER")[0][0])
    ((login, sees),) = at.run(
        "SELECT rolname::text, rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = SESSION_USER"
    )
    if not sees:
        names = ", ".join(f"{table.schema}.{table.name}" for table in hiding)
        raise FindingsError(
            f"row security hides rows of {names} from their owner",
            hint=f"back up as a superuser, or as a role with BYPASSRLS: ALTER ROLE {login} BYPASSRLS",
        )
    return str(login)


def _snapshot(reading: Session, names: Sequence[sql.Identifier], role: str) -> str:
    """Begin to read as ``role``, and return the name of the snapshot.

    Nothing before the lock takes the snapshot, so that no table can have changed its shape in between.
    """
    with reading.translating_errors("can't open a snapshot"):
        reading.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        reading.run(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        if names:
            reading.run(LOCK.format(sql.SQL(", ").join(names)))
        return str(reading.run("SELECT pg_catalog.pg_export_snapshot()")[0][0])


def _revisions(at: Session, catalog: Catalog, services: Sequence[Service]) -> dict[str, str]:
    revisions = migrate.recorded(at.alembic, catalog)
    for service in services:
        if service.name not in revisions:
            raise StateConflictError(
                f"{at.url.masked} doesn't have the service {service.name}",
                hint=f"name the database that has it: --database-url, or {service.name.upper()}_DATABASE_URL",
            )
    return revisions


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Turn an error of the folder's file system into one that names it."""
    try:
        yield
    except OSError as error:
        message = f"{folder} can't be written: {error.strerror or error}"
        hint = "make room, change its permissions, or name another with --dir"
        raise ConfigurationError(message, hint=hint) from None


def _sync(path: Path) -> None:
    """Have what was written reach the disk."""
    is_folder = path.is_dir()
    # Windows syncs only what is open for writing, and opens no folder: it keeps names by itself.
    with suppress(PermissionError) if is_folder else nullcontext():
        handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
