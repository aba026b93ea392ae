"""What is in a dump, entry by entry, and how it gets into an open transaction.

pg_restore writes SQL; we run it on our own connection, so that the restore and everything around it are one
transaction. It is asked for in the dump's own sections: the definitions, the rows, and
what is built over rows. Schema, owners and grants are left out: those are as a migration makes them.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from payrollx_db.backup.clients import Clients
from payrollx_db.backup.session import Session
from payrollx_db.errors import ConfigurationError, FindingsError

ENTRY = re.compile(r"^\d+; \d+ \d+ (.+)$")
NOT_OURS = ("SCHEMA ", "ACL ", "DEFAULT ACL ", "COMMENT - SCHEMA ")

FIRST, LAST = "\n--\n-- Name: ", "\n--\n-- PostgreSQL database dump complete\n"
COPY, COPY_END = b"COPY ", b"\\.\n"
SETVAL = b"SELECT pg_catalog.setval("
BATCH = 1 << 18


@dataclass(frozen=True)
class Dump:
    """A dump's file, its table of contents, and the programs that read it."""

    path: Path
    clients: Clients
    entries: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, clients: Clients) -> "Dump":
        """Read the table of contents. Raises TargetError where pg_restore can't."""
        return cls(path, clients, tuple(line for line in clients.listed(path) if ENTRY.match(line)))

    def restore(self, into: Session, *, without: Iterable[str], note_step: Callable[[str], None]) -> None:
        """Run the dump in the open transaction, into a schema that is there and empty.

        ``without`` are beginnings of entries to leave out, such as ``INDEX auth ix_users_role``. Raises FindingsError
        where it doesn't fit, TargetError where it can't be read or run.
        """
        wanted = [line for line in self.entries if not _is(line, (*NOT_OURS, *without))]
        note_step("making the tables")
        self._define(into, wanted, "pre-data")
        note_step("loading the rows")
        self._load(into, wanted)
        note_step("building indexes and constraints")
        self._define(into, wanted, "post-data")  # materialized views are filled here as well

    def _define(self, into: Session, lines: list[str], section: str) -> None:
        with self._unpacked(lines, section) as out:
            script = _body(out.read().decode())
        if script:
            with into.translating_errors("can't restore the definitions"):
                into.run(script)

    def _load(self, into: Session, lines: list[str]) -> None:
        with self._unpacked(lines, "data") as out, into.translating_errors("can't restore the rows"):
            for line in out:
                if line.startswith(COPY):
                    with into.raw.cursor().copy(line.removesuffix(b";\n")) as copy:
                        for batch in _rows(out):
                            copy.write(batch)
                elif line.startswith(SETVAL):
                    into.raw.execute(line)

    @contextmanager
    def _unpacked(self, lines: list[str], section: str) -> Iterator[IO[bytes]]:
        """Yield the SQL of those of these entries that are in ``section``, as pg_restore writes it."""
        with ExitStack() as stack:
            try:
                chosen = stack.enter_context(tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list"))
                chosen.write("".join(f"{line}\n" for line in lines))
                chosen.flush()
            except OSError as error:
                what = f"a temporary file for pg_restore can't be written: {error.strerror}"
                raise ConfigurationError(what, hint="set TMPDIR to a folder that can be written") from None
            options = (f"--use-list={chosen.name}", f"--section={section}", "--no-owner", "--no-privileges")
            with self.clients.unpacked(self.path, *options) as out:
                yield out


def _is(line: str, kinds: tuple[str, ...]) -> bool:
    match = ENTRY.match(line)
    return match is not None and match[1].startswith(kinds)


def _body(script: str) -> str:
    """Return the definitions alone: not the settings before, which another version's server may not know."""
    _, first, rest = script.partition(FIRST)
    body, last, _ = rest.rpartition(LAST)
    if first and not last:
        raise FindingsError("pg_restore wrote something that ends too early", hint="the dump is damaged: use another")
    return first + body if first else ""


def _rows(out: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of one COPY, many at once, up to its end."""
    batch: list[bytes] = []
    size = 0
    for line in out:
        if line == COPY_END:
            yield b"".join(batch)
            return
        batch.append(line)
        size += len(line)
        if size >= BATCH:
            yield b"".join(batch)
            batch, size = [], 0
    raise FindingsError("pg_restore's rows end too early", hint="the dump is damaged: use another")
