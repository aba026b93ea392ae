"""What a backup says of itself: one folder with ``manifest.json``, its signature, and a dump.

The manifest carries a checksum of itself and one of the dump, so that what was cut short or edited is
seen before anything is done with it. That it is ours, only the signature tells.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from payrollx_db import __version__
from payrollx_db.backup.signature import Key, Trust
from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.postgres.compare import Fingerprint

FILE = "manifest.json"
FORMAT = 1
AT = "%Y%m%dT%H%M%S"
NAME = re.compile(r"(?P<service>.+)-(?P<at>\d{8}T\d{6}\.\d{3})Z")
AGAIN = "take it from another copy of the backup, or use another backup: payrollx-db service list"


@dataclass(frozen=True)
class TableRecord:
    """One table of a backup: its rows, and the sums of their hashes by bucket, over these columns."""

    name: str
    rows: int
    key: tuple[str, ...]
    columns: tuple[str, ...]
    bucket_count: int
    buckets: Mapping[str, tuple[int, str]]

    @classmethod
    def of(cls, name: str, key: tuple[str, ...], columns: tuple[str, ...], proof: Fingerprint) -> "TableRecord":
        """Return the record of a table that `proof` was made of."""
        buckets = {str(bucket): sums for bucket, sums in proof.buckets.items()}
        return cls(name, proof.rows, key, columns, proof.count, buckets)

    @property
    def proof(self) -> Fingerprint:
        """What the table held."""
        return Fingerprint(
            self.bucket_count, {int(bucket): (rows, total) for bucket, (rows, total) in self.buckets.items()}
        )


@dataclass(frozen=True)
class Grant:
    """What a role, or PUBLIC, may do with an object of the schema.

    ``kind`` is SCHEMA, TABLE, SEQUENCE, TYPE or ROUTINE; a routine's name has its arguments, and is quoted already.
    """

    kind: str
    name: str
    grantee: str
    privileges: tuple[str, ...]


@dataclass(frozen=True)
class Need:
    """Something outside the schema that its definitions name, and that a database needs before a restore.

    ``kind`` is as the server calls it (``extension``, ``function``, ``type`` …), ``name`` for people, ``address`` and
    ``arguments`` for ``pg_get_object_address``. ``schema`` is where it lies, ``version`` an extension's, and
    ``used_by`` one of those that need it.
    """

    kind: str
    schema: str
    name: str
    address: tuple[str, ...]
    arguments: tuple[str, ...]
    version: str
    used_by: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" {self.version}" if self.version else "")


@dataclass(frozen=True)
class Manifest:
    """What is in a backup, where it is from and when it was made.

    ``together`` are the services that were backed up under the same ``snapshot`` of ``database`` (its system
    identifier and name); ``needs`` are what a database must have first; ``dump`` is the name of the dump's file, and
    ``dump_version`` says which Postgres' pg_dump made it (180000): older programs can't read it.
    """

    catalog: str
    service: str
    schema: str
    revision: str
    taken_at: datetime
    snapshot: str
    together: tuple[str, ...]
    database: tuple[str, str]
    server_version: str
    tool_version: str
    dump: str
    dump_version: int
    dump_bytes: int
    dump_sha256: str
    tables: tuple[TableRecord, ...]
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    needs: tuple[Need, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(table.rows for table in self.tables)

    def document(self) -> dict[str, Any]:
        """Return it as plain data, as the file has it, without the checksum."""
        return {"format": FORMAT} | asdict(self) | {"taken_at": self.taken_at.astimezone(UTC).isoformat()}

    def text(self) -> str:
        """Return what the file holds: the document, and its checksum."""
        document = self.document()
        return json.dumps(document | {"checksum": checksum(document)}, indent=1, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Backup:
    """One backup: its folder, what its manifest says, and that manifest's bytes as they were read."""

    folder: Path
    manifest: Manifest
    data: bytes = field(repr=False, compare=False)

    @property
    def dump(self) -> Path:
        """The dump's file."""
        return self.folder / self.manifest.dump

    @property
    def whole(self) -> bool:
        """Whether the dump is there in its full length. `verify` looks at what is in it, too."""
        return self.dump.is_file() and self.dump.stat().st_size == self.manifest.dump_bytes

    def trust(self, key: Key) -> Trust:
        """Tell whether ``key`` signed it."""
        return key.judge(self.folder, self.data)

    def require_signature(self, key: Key) -> None:
        """Raise FindingsError unless ``key`` signed it."""
        if (trust := self.trust(key)) == "signed":
            return
        reasons = {
            "unsigned": "isn't signed: an older version made it, or somebody else did",
            "other key": f"was signed with another key than that in {key.path}",
            "changed": "was changed after it was signed: the signature isn't its manifest's",
        }
        name_it = "name the key that signed it with --key-file; or " if trust == "other key" else ""
        raise FindingsError(
            f"the backup {self.folder} {reasons[trust]}",
            hint=f"{name_it}add --unsigned if you trust everyone who could write {self.folder}:"
            " what a dump says is run in the database",
        )

    def verify(self) -> None:
        """Raise FindingsError where the dump isn't the one that was written."""
        if not self.dump.is_file():
            raise FindingsError(f"the backup {self.folder} has no dump {self.manifest.dump}", hint=AGAIN)
        size = self.dump.stat().st_size
        if size != self.manifest.dump_bytes:
            how = "truncated" if size < self.manifest.dump_bytes else "longer than it was"
            what = f"the dump {self.dump} is {how}: {size:,} bytes of {self.manifest.dump_bytes:,}"
            raise FindingsError(what, hint=AGAIN)
        if sha256(self.dump) != self.manifest.dump_sha256:
            raise FindingsError(f"the dump {self.dump} was changed: its checksum isn't the manifest's", hint=AGAIN)


def name_of(service: str, at: datetime) -> str:
    """Return what the folder of a backup is called."""
    return f"{service}-{at:{AT}}.{at.microsecond // 1000:03}Z"


def checksum(document: Mapping[str, Any]) -> str:
    """Return the checksum of a manifest's document."""
    plain = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder: Path) -> Backup:
    """Read the backup in ``folder``. Raises ConfigurationError where there is none, FindingsError where its
    manifest was cut short, edited, or written by a newer version.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        hint = "payrollx-db service list says which there are"
        raise ConfigurationError(f"{folder} is no backup: it has no {FILE}", hint=hint) from None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None
    return Backup(folder, _parsed(data, path), data)


def last_backups(folder: Path) -> dict[str, datetime]:
    """Return when the newest whole backup of each service in ``folder`` was made. Raises as `whole_backups`."""
    return {service: backup.manifest.taken_at for service, backup in newest_of_each(folder).items()}


def newest_of_each(folder: Path) -> dict[str, Backup]:
    """Return the newest whole backup of each service in ``folder``. Raises as `whole_backups`."""
    return {backup.manifest.service: backup for backup in reversed(whole_backups(folder))}


def whole_backups(folder: Path, service: str | None = None) -> list[Backup]:
    """Return the whole backups in ``folder``, newest first: all, or those of one service.

    What isn't one is passed over: other people's files, and what was cut off. Raises ConfigurationError where
    the folder is there and can't be read.
    """
    backups = [backup for path in _folders(folder) if (backup := _whole(path))]
    chosen = [backup for backup in backups if service in (None, backup.manifest.service)]
    return sorted(chosen, key=lambda backup: backup.manifest.taken_at, reverse=True)


def newest(folder: Path, service: str) -> Backup:
    """Return the newest backup of ``service``.

    Raises ConfigurationError where there is none, FindingsError where the newest is damaged: an older one has to
    be asked for by name. Else as `whole_backups`.
    """
    backups = whole_backups(folder, service)
    for path in _folders(folder):
        if (taken_at := _claimed(path, service)) and (not backups or taken_at > backups[0].manifest.taken_at):
            read(path).verify()  # which says what is wrong with it
    if not backups:
        raise ConfigurationError(
            f"there is no backup of {service} in {folder}",
            hint="name its folder with --dir, or make one: payrollx-db service backup",
        )
    return backups[0]


def _folders(folder: Path) -> Iterable[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigurationError(
            f"the folder of backups {folder} can't be read: {error.strerror}",
            hint="change its permissions, or name another with --dir",
        ) from None


def _claimed(path: Path, service: str) -> datetime | None:
    """Return when the backup in ``path``, whole or not, says by its name that it was made, if ``service``'s it is."""
    match = NAME.fullmatch(path.name)
    if match is None or match["service"] != service:
        return None
    return datetime.strptime(f"{match['at']}+0000", f"{AT}.%f%z")


def _whole(path: Path) -> Backup | None:
    try:
        backup = read(path)
    except (ConfigurationError, FindingsError):
        return None
    return backup if backup.whole else None


def _parsed(data: bytes, path: Path) -> Manifest:
    try:
        document = json.loads(data.decode("utf-8"))
        given = document.pop("checksum")
        version = document.pop("format")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FindingsError(f"the manifest {path} is cut short, or is none", hint=AGAIN) from None
    if version != FORMAT:
        hint = f"this is {__version__}: use the version of payrollx-db that wrote it, or a newer one"
        raise FindingsError(f"the manifest {path} is of format {version}, which this version doesn't know", hint=hint)
    if checksum({"format": version} | document) != given:
        raise FindingsError(f"the manifest {path} was changed: its checksum isn't its own", hint=AGAIN)
    try:
        manifest = _manifest(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise FindingsError(f"the manifest {path} lacks what a manifest says, or says more", hint=AGAIN) from None
    if Path(manifest.dump).name != manifest.dump:
        raise FindingsError(f"the manifest {path} names a dump outside its folder", hint=AGAIN)
    return manifest


def _manifest(document: dict[str, Any]) -> Manifest:
    tables = tuple(TableRecord(**_frozen(table)) for table in document.pop("tables"))
    grants = tuple(Grant(**_frozen(grant)) for grant in document.pop("grants"))
    needs = tuple(Need(**_frozen(need)) for need in document.pop("needs", []))  # older versions wrote none
    taken_at = datetime.fromisoformat(document.pop("taken_at"))
    return Manifest(**_frozen(document), tables=tables, grants=grants, needs=needs, taken_at=taken_at)


def _frozen(document: dict[str, Any]) -> dict[str, Any]:
    """Return it with tuples for JSON's lists, one level down as well."""
    return {name: _tuples(value) for name, value in document.items()}


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tuples(part) for name, part in value.items()}
    return tuple(value) if isinstance(value, list) else value
