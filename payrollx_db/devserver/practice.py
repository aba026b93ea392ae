"""Legacy databases to practise on, as a catalog brings them: how they are asked for, and what is said of them.

A catalog names a function as ``practice="package.module:name"``; `Practice` says how it is called.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from payrollx_db.errors import DevServerError
from payrollx_db.postgres.databases import Connection, connect
from payrollx_db.postgres.url import DatabaseUrl

MARK = "payrollx-db dev legacy"  # how the comment on a database begins that may be dropped


@dataclass(frozen=True, order=True)
class Trouble:
    """One kind of trouble at one place, ``database.schema.table.column``, and how many rows have it."""

    code: str
    place: str
    count: int


@dataclass(frozen=True)
class TableSize:
    """One table that was made: how many rows, and how many bytes with its indexes."""

    database: str
    table: str
    rows: int
    bytes: int
    copy: bool


@dataclass(frozen=True)
class DatabaseMade:
    """An event: one database is complete."""

    database: str
    tables: tuple[TableSize, ...]
    troubles: tuple[Trouble, ...]
    seconds: float


Observer = Callable[[DatabaseMade], None]


@dataclass(frozen=True)
class LegacySummary:
    """What was made.

    ``employees`` is how large it was to be. ``troubles`` is what a check has to find (empty unless hostile).
    ``missing`` counts the owner's rows that a copy lacks: harmless, since the owner has them.
    """

    employees: int
    seed: int
    hostile: bool
    tables: tuple[TableSize, ...]
    troubles: tuple[Trouble, ...]
    missing: tuple[Trouble, ...]
    seconds: float

    @property
    def rows(self) -> int:
        """All rows of all tables, copies included."""
        return sum(table.rows for table in self.tables)


@runtime_checkable
class Practice(Protocol):
    """A function that makes a catalog's legacy databases, full of invented rows."""

    def __call__(
        self,
        url: DatabaseUrl,
        *,
        employees: int,
        hostile: bool = False,
        seed: int = 1,
        observer: Observer | None = None,
    ) -> LegacySummary:
        """Make them on the server at ``url`` (any database there; the user may create databases).

        ``employees`` says how large: PayrollX's number of employees, or whatever a catalog counts by. ``hostile`` adds
        what real data does to a stricter schema, and counts it; the same ``seed`` makes the same rows; ``observer``
        hears of each database that is complete. Those of an earlier call are dropped and made anew; raises
        DevServerError where a database of one of their names is somebody else's, or the server refuses.
        """


def refuse_others(url: DatabaseUrl, names: Sequence[str]) -> None:
    """Raise DevServerError where a database of one of ``names`` is there that no such call has made."""
    with connect(url) as connection:
        others = connection.execute(
            "SELECT datname FROM pg_catalog.pg_database WHERE datname = ANY (%s) "
            "AND coalesce(pg_catalog.shobj_description(oid, 'pg_database'), '') NOT LIKE %s ORDER BY datname",
            [list(names), f"{MARK}%"],
        ).fetchall()
    if others:
        raise DevServerError(
            f"payrollx-db dev legacy didn't make these databases, and won't drop them: "
            f"{', '.join(name for (name,) in others)}",
            hint="use another server, or drop them yourself if nobody needs them",
        )


def plant(connection: Connection, database: str, script: str) -> tuple[Trouble, ...]:
    """Run a database's hostile ``script`` and return what it planted: rows touched, per statement."""
    planted = []
    for code, place, statement in _sections(script):
        touched = connection.execute(statement).rowcount
        if code != "none" and touched:
            planted.append(Trouble(code, f"{database}.public.{place}", touched))
    return tuple(planted)


def _sections(script: str) -> Iterator[tuple[str, str, str]]:
    """Yield (code, table.column, statement) for each ``--@ code table.column`` line of ``script``."""
    for section in re.split(r"^--@ ", script, flags=re.MULTILINE)[1:]:
        heading, _, statement = section.partition("\n")
        code, _, place = heading.partition(" ")
        yield code.rstrip(":"), place, statement
