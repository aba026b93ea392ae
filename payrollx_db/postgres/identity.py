"""Which database of which server a session is with, by what a clone of that server can't have as well.

A clone (of a disk, by pg_basebackup, a promoted standby) has the system identifier, the names and the object ids of
the original. What it can't have is the moment at which the original's postmaster was started. Where that differs, the
server was started anew, or is another one; then everything else that can be read has to speak for the same server.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Self

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.steps import Statement, Steps

queries = query_files.beside(__name__)

FILE = "PG_VERSION"  # of the data directory, written by initdb and never again


@dataclass(frozen=True)
class Identity:
    """What tells a database and its server. ``None`` is what the server doesn't tell this role, or this connection.

    ``database`` is its object id; ``started`` is when the postmaster was started; ``address`` and ``port`` are where
    the server answers, as it sees that itself. ``position``, up to where a primary's WAL is written, never goes back.
    ``file_changed`` and ``file_written`` (seconds since 1970) are of a file that initdb wrote.
    """

    system: str
    database: int
    started: str
    address: str | None
    port: int
    timeline: int
    position: int | None
    directory: str | None
    file_changed: float | None = None
    file_written: float | None = None

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` returned, of this version or another."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in document.items() if name in known})

    def document(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def is_alike(self, now: "Identity") -> bool:
        """Tell whether ``now`` has the identifiers that a clone has as well."""
        return (self.system, self.database) == (now.system, now.database)

    def differences(self, now: "Identity") -> list[str]:
        """Say what shows that ``now`` is not the database that this is of. Empty: nothing does.

        The same server, started anew, has none.
        """
        if not self.is_alike(now):
            return ["it is another database, by its server's system identifier or its own object id"]
        if self.started == now.started:
            return []
        texts = [*self._elsewhere(now), *self._earlier(now), *self._other_files(now)]
        return [*texts, f"its server was started {now.started}, and that one {self.started}"] if texts else []

    def completed_by(self, earlier: "Identity") -> "Identity":
        """Return it with what only ``earlier``, read of the same server by another role, could tell."""
        known = {name: value for name, value in self.document().items() if value is not None}
        return replace(earlier, **known)

    def _elsewhere(self, now: "Identity") -> list[str]:
        texts = []
        if self.port != now.port:
            texts.append(f"its server's port is {now.port}, and was {self.port}")
        if self.address and now.address and not _same_address(self.address, now.address):
            texts.append(f"its server's address is {now.address}, and was {self.address}")
        return texts

    def _earlier(self, now: "Identity") -> list[str]:
        texts = []
        if self.timeline != now.timeline:
            texts.append(f"its timeline is {now.timeline}, and was {self.timeline}: it was promoted or restored")
        if None not in (self.position, now.position) and (now.position or 0) < (self.position or 0):
            texts.append("its WAL ends before where it was")
        return texts

    def _other_files(self, now: "Identity") -> list[str]:
        texts = []
        if self.directory and now.directory and self.directory != now.directory:
            texts.append(f"its data directory is {now.directory}, and was {self.directory}")
        mine, theirs = (self.file_changed, self.file_written), (now.file_changed, now.file_written)
        if None not in mine and None not in theirs and mine != theirs:
            times = f"{_time(now.file_changed)}, and those were at {_time(self.file_changed)}"
            texts.append(f"the files of its data directory were made at {times}")
        return texts


def read_identity() -> Steps[Identity]:
    """Read who answers. Changes nothing; what this role may not see is ``None``."""
    ((*values, sees_files),) = yield Statement(sql.SQL(queries.load("identity")))
    times: tuple[float | None, ...] = (None, None)
    if sees_files:
        (times,) = yield Statement(sql.SQL(queries.load("file_times")).format(file=FILE))
    return Identity(*values, *times)


def _same_address(one: str, other: str) -> bool:
    first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    return first == second or (first.is_loopback and second.is_loopback)


def _time(seconds: float | None) -> str:
    return f"{datetime.fromtimestamp(seconds or 0, UTC):%Y-%m-%d %H:%M:%S} UTC"
