"""A dump's table of contents, and the statements of those entries that are wanted.

An entry says which object of the source's catalog it is of, by the catalog's own number: by these it is told apart.
"""

import re
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from payrollx_db.backup.clients import Clients
from payrollx_db.backup.dump import body
from payrollx_db.errors import FindingsError

ENTRY = re.compile(r"(?P<number>\d+); (?P<catalog>\d+) (?P<oid>\d+) (?P<content>.+)")
# What isn't of the schemas' objects, or is as the catalog's roles say.
NOT_CARRIED = (
    "SCHEMA ", "COMMENT - SCHEMA ", "ACL ", "DEFAULT ACL ", "PUBLICATION ", "SUBSCRIPTION ", "EVENT TRIGGER ",
    "SECURITY LABEL ", "EXTENSION ", "COMMENT - EXTENSION ", "LARGE OBJECT ", "BLOB ", "BLOBS ", "DATABASE ",
    "TABLE DATA ", "SEQUENCE SET ", "MATERIALIZED VIEW DATA ", "STATISTICS DATA ",
)  # fmt: skip
ROUTINES = ("FUNCTION ", "PROCEDURE ")


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents: the object's catalog and number in the source, and what it says of it."""

    line: str
    catalog: int
    oid: int
    content: str


@dataclass(frozen=True)
class Contents:
    """A dump, its entries, and the programs that read it."""

    dump: Path
    clients: Clients
    entries: tuple[Entry, ...]

    @property
    def has_routines(self) -> bool:
        """Whether it makes functions or procedures."""
        return any(entry.content.startswith(ROUTINES) for entry in self.entries)

    @cached_property
    def whole(self) -> str:
        """All entries as SQL. Raises as `script`."""
        return self._sql(self.entries)

    def script(
        self, *, without: Collection[int] = (), beginning: Collection[str] = (), tablespaces: bool = True
    ) -> str:
        """Return the entries as SQL, as pg_restore writes it.

        Left out are entries of the objects numbered ``without``, and those that begin so. Raises TargetError where
        pg_restore can't read the dump.
        """
        if not without and not beginning and tablespaces:
            return self.whole
        beginnings = tuple(beginning)
        chosen = [
            entry for entry in self.entries
            if entry.oid not in without and not (beginnings and entry.content.startswith(beginnings))
        ]  # fmt: skip
        return self._sql(chosen, *([] if tablespaces else ["--no-tablespaces"]))

    def _sql(self, entries: Iterable[Entry], *further: str) -> str:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list", dir=self.dump.parent) as listed:
            listed.write("".join(f"{entry.line}\n" for entry in entries))
            listed.flush()
            options = [f"--use-list={listed.name}", "--no-owner", "--no-privileges", "--no-security-labels", *further]
            with self.clients.unpacked(self.dump, *options) as out:
                return body(out.read().decode())


def read(dump: Path, clients: Clients) -> Contents:
    """Read a dump's table of contents. Raises FindingsError where it can't be understood."""
    lines = [line for line in clients.listed(dump) if line and not line.startswith(";")]
    entries = []
    for line in lines:
        match = ENTRY.fullmatch(line)
        if match is None:
            raise FindingsError(
                f"the table of contents that pg_dump {clients.major} wrote can't be read",
                details=(line,),
                hint="use another version of pg_dump: PAYROLLX_PG_BIN names its folder",
            )
        entries.append(Entry(line, int(match["catalog"]), int(match["oid"]), match["content"]))
    return Contents(dump, clients, tuple(entry for entry in entries if not entry.content.startswith(NOT_CARRIED)))
