"""What is in a dump, entry by entry, and how it gets into an open transaction.

pg_restore writes SQL; we run it on our own connection, so that the restore and everything around it are one
transaction. It is asked for in the dump's own sections: the definitions, the rows, and
what is built over rows. Schema, owners and grants are left out: those are as a migration makes them.

What models can say is run statement by statement, each of which is looked at before. More than that (functions,
triggers, views) is an extra: the catalog lists it, or somebody has to accept it.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from psycopg import sql

from payrollx_db.backup.clients import Clients
from payrollx_db.backup.statements import split
from payrollx_db.errors import ConfigurationError, FindingsError
from payrollx_db.model.catalog import Service

if TYPE_CHECKING:  # it brings Alembic and SQLAlchemy, and a lift reads dumps without them
    from payrollx_db.backup.session import Session

ENTRY = re.compile(r"(\d+); \d+ \d+ (.+)")
NOT_OURS = ("SCHEMA ", "ACL ", "DEFAULT ACL ", "COMMENT - SCHEMA ")

# The kinds of entries of what models can say. A "TYPE" may be no enum: its statement shows that.
PLAIN = (
    "TABLE", "TABLE ATTACH", "TABLE DATA", "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "DEFAULT", "TYPE",
    "CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "INDEX", "INDEX ATTACH", "COMMENT",
)  # fmt: skip
# What a dump calls the kinds of extras, where it isn't what Postgres and the catalog call them.
ENTRIES = {
    "materialized view": ("MATERIALIZED VIEW", "MATERIALIZED VIEW DATA"),
    "statistics object": ("STATISTICS",),
    "type": ("DOMAIN",),
}

FIRST, LAST = "\n--\n-- Name: ", "\n--\n-- PostgreSQL database dump complete\n"
BEFORE_ROWS, ROWS, AFTER_ROWS = "pre-data", "data", "post-data"
COPY, COPY_END = b"COPY ", b"\\.\n"
SETVAL = b"SELECT pg_catalog.setval("
ENDS = {COPY: b" FROM stdin;\n", SETVAL: b");\n"}
NAME = r'(?:"(?:[^"]|"")+"|[a-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*)'
COPY_LINE = re.compile(rf"COPY ({NAME})\.({NAME}) (?:\(({NAME}(?:, {NAME})*)\))? ?FROM stdin;\n")
SETVAL_LINE = re.compile(r"SELECT pg_catalog\.setval\('((?:[^']|'')+)', (-?\d+), (true|false)\);\n")
QUALIFIED = re.compile(rf"({NAME})\.({NAME})")
BATCH = 1 << 18
LONGEST = 1 << 20  # of a statement that loads rows: it names all columns of a table
DAMAGED = "the dump is damaged, or isn't as pg_dump writes it: use another backup"


@dataclass(frozen=True)
class Dump:
    """A dump's file, its table of contents, and the programs that read it."""

    path: Path
    clients: Clients
    entries: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, clients: Clients) -> "Dump":
        """Read the table of contents. Raises TargetError where pg_restore can't, FindingsError where we can't."""
        lines = [line for line in clients.listed(path) if line and not line.startswith(";")]
        matches = [ENTRY.fullmatch(line) for line in lines]
        numbers = [match[1] for match in matches if match]
        if None in matches or len(set(numbers)) < len(numbers):
            raise FindingsError(f"the table of contents of {path} can't be read", hint=DAMAGED)
        return cls(path, clients, tuple(lines))

    def contents(self, service: Service, *, without: Iterable[str]) -> "Contents":
        """Read what a restore of ``service`` would run.

        ``without`` are beginnings of entries to leave out, such as ``INDEX auth ix_users_role``. Raises FindingsError
        where the dump doesn't fit, TargetError where it can't be read.
        """
        lines = [line for line in self.entries if not _content(line).startswith((*NOT_OURS, *without))]
        plain = [line for line in lines if _is_of(line, service, PLAIN)]
        unlisted = [line for line in lines if not _is_of(line, service, (*PLAIN, *_listed_kinds(service)))]
        definitions = {section: self._script(plain, section) for section in (BEFORE_ROWS, AFTER_ROWS)}
        odd = [text for script in definitions.values() for text in _odd_statements(script, service.schema)]
        is_plain = len(plain) == len(lines) and not odd
        if not is_plain:
            definitions = {section: self._script(lines, section) for section in definitions}
        names = (*(_content(line).rpartition(" ")[0] for line in unlisted), *odd)
        return Contents(self, service, tuple(lines), definitions, names, is_plain)

    @contextmanager
    def unpacked(self, lines: Iterable[str], section: str) -> Iterator[IO[bytes]]:
        """Yield the SQL of those of these entries that are in ``section``, as pg_restore writes it."""
        with ExitStack() as stack:
            try:
                chosen = stack.enter_context(tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list"))
                chosen.write("".join(f"{line}\n" for line in lines))
                chosen.flush()
            except OSError as error:
                message = f"a temporary file for pg_restore can't be written: {error.strerror}"
                raise ConfigurationError(message, hint="set TMPDIR to a folder that can be written") from None
            options = (f"--use-list={chosen.name}", f"--section={section}", "--no-owner", "--no-privileges")
            with self.clients.unpacked(self.path, *options) as out:
                yield out

    def _script(self, lines: Iterable[str], section: str) -> str:
        with self.unpacked(lines, section) as out:
            return body(out.read().decode())


@dataclass(frozen=True)
class Contents:
    """What of a dump is to be restored: its entries, and the definitions before and after the rows, as SQL.

    ``extras`` names what models can't say and the catalog doesn't list either: whoever restores it runs what it holds.
    ``is_plain`` tells that there is nothing but what models can say.
    """

    dump: Dump
    service: Service
    entries: tuple[str, ...]
    definitions: Mapping[str, str]
    extras: tuple[str, ...]
    is_plain: bool

    def restore(self, into: "Session", *, inspect: Callable[[], None], note_step: Callable[[str], None]) -> None:
        """Run it in the open transaction, into a schema that is there and empty.

        ``inspect`` looks at what was made, before there are rows and at the end. Raises FindingsError
        where the dump doesn't fit, TargetError where it can't be read or run.
        """
        note_step("making the tables")
        self._define(into, BEFORE_ROWS)
        inspect()
        note_step("loading the rows")
        self._load(into)
        note_step("building indexes and constraints")
        self._define(into, AFTER_ROWS)  # materialized views are filled here as well
        inspect()

    def _define(self, into: "Session", section: str) -> None:
        script = self.definitions[section]
        with into.translating_errors("can't restore the definitions"):
            if not self.is_plain:
                into.run(script)
                return
            # As binary, so that the server itself refuses to take two statements for one.
            with into.raw.cursor(binary=True) as cursor:
                for statement in split(script):
                    cursor.execute(statement.text)

    def _load(self, into: "Session") -> None:
        """Load the rows. Of the dump's own statements only the names are taken."""
        with self.dump.unpacked(self.entries, ROWS) as out, into.translating_errors("can't restore the rows"):
            for line in out:
                if line.startswith(COPY):
                    with into.raw.cursor().copy(self._copy(_whole(line, out, COPY))) as copy:
                        for batch in _rows(out):
                            copy.write(batch)
                elif line.startswith(SETVAL):
                    value = self._setval(_whole(line, out, SETVAL))
                    into.run("SELECT pg_catalog.setval(%s::pg_catalog.regclass, %s, %s)", value)

    def _copy(self, statement: str) -> sql.Composed:
        match = COPY_LINE.fullmatch(statement)
        if match is None or _unquoted(match[1]) != self.service.schema:
            raise FindingsError("the dump loads rows into something else than a table of its schema", hint=DAMAGED)
        columns = [sql.Identifier(_unquoted(name)) for name in re.findall(NAME, match[3] or "")]
        listed = sql.SQL(" ({})").format(sql.SQL(", ").join(columns)) if columns else sql.SQL("")
        table = sql.Identifier(self.service.schema, _unquoted(match[2]))
        return sql.SQL("COPY {}{} FROM STDIN").format(table, listed)

    def _setval(self, statement: str) -> tuple[str, int, bool]:
        match = SETVAL_LINE.fullmatch(statement)
        name = match and QUALIFIED.fullmatch(match[1].replace("''", "'"))
        if match is None or name is None or _unquoted(name[1]) != self.service.schema:
            raise FindingsError("the dump sets something else than a sequence of its schema", hint=DAMAGED)
        return name[0], int(match[2]), match[3] == "true"


def _whole(line: bytes, out: IO[bytes], kind: bytes) -> str:
    """Return the whole statement that begins with ``line``: there are names of several lines."""
    while not line.endswith(ENDS[kind]) and len(line) < LONGEST and (following := out.readline()):
        line += following
    return line.decode(errors="replace")


def _content(line: str) -> str:
    """Return what an entry says after its numbers: kind, schema, name and owner."""
    return line.split(" ", 3)[3]


def _is_of(line: str, service: Service, kinds: Iterable[str]) -> bool:
    return _content(line).startswith(tuple(f"{kind} {service.schema} " for kind in kinds))


def _listed_kinds(service: Service) -> Iterator[str]:
    """Yield what the dump calls the kinds of what the catalog says that the service's migrations make."""
    from payrollx_db.schema import extras

    for extra in service.extras:
        kind = extras.kind(extra)
        yield from ENTRIES.get(kind, (kind.upper(),))


def _odd_statements(script: str, schema: str) -> list[str]:
    """Return how those statements begin that models can't say."""
    try:
        return [statement.beginning for statement in split(script) if not statement.is_plain(schema)]
    except FindingsError as error:
        return [f"{error.message}: {', '.join(error.details)}"]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def body(script: str) -> str:
    """Return the definitions alone: not the settings before, which another version's server may not know."""
    _, first, rest = script.partition(FIRST)
    body, last, _ = rest.rpartition(LAST)
    if first and not last:
        raise FindingsError("pg_restore wrote something that ends too early", hint=DAMAGED)
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
    raise FindingsError("pg_restore's rows end too early", hint=DAMAGED)
