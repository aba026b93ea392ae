"""What is followed: which tables of one database are watched, and how rows of the other are made from them.

A flow says nothing of how it is done. The forward ones, from a legacy database into the unified one, are made here from
the plan; the way back is of the same types.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from psycopg import sql

from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.postgres.introspect import Column, Table
from payrollx_db.postgres.session import Endpoint

Direction = Literal["forward", "back"]


@dataclass(frozen=True)
class Watched:
    """A table whose changes the log tells, and the columns by which it names a changed row.

    ``key`` is what the log has of each changed row, before and after: the replica identity's columns. ``looked_up`` are
    columns whose change concerns rows of other tables.
    """

    table: Table
    key: tuple[Column, ...]
    looked_up: tuple[str, ...] = ()

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the key's columns, in the order in which keys have them."""
        return tuple(column.name for column in self.key)


@dataclass(frozen=True)
class MovedColumn:
    """A written column, and the expression over the read row (alias ``s``, and what is joined to it) that fills it.

    ``valid`` is true of the values that the expression takes; without it, it takes all. ``refuses`` says which those
    are that it doesn't take, on the way back.
    """

    name: str
    value: sql.Composable
    valid: sql.Composable | None = None
    refuses: str = ""


@dataclass(frozen=True)
class Also:
    """Another watched table whose changed rows concern rows of a move: those whose columns have its values.

    ``on`` pairs a key column of ``watched`` with a column of the move's read row, alias ``s``. With ``changed``, only
    keys count whose looked-up columns have changed, or may have.
    """

    watched: Watched
    on: tuple[tuple[str, str], ...]
    changed: bool = True


@dataclass(frozen=True)
class Move:
    """How the rows of one written table are read.

    ``from_clause`` has the read row as ``s``, of the table of ``source``, and joins to it what else is needed, so that
    there is one row for each row of ``s`` at most. ``key`` are written columns that identify the written row; their
    values are made of the columns of ``source.key`` alone, so that they can be told of a row that isn't there any more.
    With ``unique``, a unique index of the written table is over just these, which tells INSERT … ON CONFLICT what to
    do; without, rows are deleted and inserted. ``form`` is the format in which COPY takes them over. ``plan`` is what
    the copy did with the table, and is there for the forward direction only.

    The others are for the way back, whose written tables have rows and values of their own. ``kept`` are written
    columns that nothing fills: they keep their values, also where a row is written anew. With ``spares``, the older
    version of a row that can't be written stays. ``untouched`` is true of written rows (alias ``t``) that are never
    deleted. With ``only_known``, rows are updated and deleted, and none is added. With ``pinned``, no row is deleted to
    be inserted anew: that would concern rows of other tables, which point at it.
    """

    table: Table
    columns: tuple[MovedColumn, ...]
    from_clause: sql.Composable
    source: Watched
    key: tuple[str, ...]
    unique: bool = True
    form: Literal["binary", "text"] = "binary"
    also: tuple[Also, ...] = ()
    plan: TablePlan | None = None
    kept: tuple[str, ...] = ()
    spares: bool = False
    untouched: sql.Composable | None = None
    only_known: bool = False
    pinned: bool = False

    @cached_property
    def texts(self) -> dict[tuple[object, ...], sql.SQL]:
        """Statements of this move that were composed before: a small pass would spend most of its time on that."""
        return {}

    @property
    def name(self) -> str:
        """The written table's ``schema.table``."""
        return self.table.full_name

    @property
    def column_names(self) -> list[str]:
        """The written columns, in the order in which rows are read and written."""
        return [column.name for column in self.columns]


@dataclass(frozen=True)
class Duplicate:
    """A duplicate table: it isn't written, its changed keys are noted, to be compared with the owner's rows."""

    source: Watched
    plans: tuple[TablePlan, ...]


@dataclass(frozen=True)
class Flow:
    """One database that is followed into another. ``name`` is the legacy database's, whichever side it is on.

    ``moves`` are in the order in which rows are written: parents first. ``slot`` and ``publication`` are what they are
    called in the database that is read.
    """

    name: str
    direction: Direction
    read: Endpoint
    written: Endpoint
    watched: tuple[Watched, ...]
    moves: tuple[Move, ...]
    slot: str
    publication: str
    duplicates: tuple[Duplicate, ...] = ()

    @property
    def tables(self) -> Collection[Table]:
        """The tables that are read, each once."""
        return tuple({watched.table.oid: watched.table for watched in self.watched}.values())
