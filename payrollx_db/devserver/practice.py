"""Legacy databases to practise on, as a catalog brings them: how they are asked for, and what is said of them.

A catalog names a function as ``practice="package.module:name"``; `Practice` says how it is called.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from payrollx_db.postgres.url import DatabaseUrl


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
