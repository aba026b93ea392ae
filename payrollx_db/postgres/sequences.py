"""Sequences: from which columns take their numbers, where they stand, and how far the columns have come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

AT_ONCE = 200  # sequences that are read or set in one statement: it holds a lock on each of them

# What a column of these types holds at most; the others (numeric, text) set no bound.
RANGES = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
NUMBERS = (*RANGES, "numeric", "float4", "float8")
TEXT = "S"  # pg_type.typcategory
FIELDS = ("oid", "schema", "name", "start", "increment", "minimum", "maximum", "cycles", "may_read", "may_set")


@dataclass(frozen=True)
class SequenceUse:
    """A column that takes numbers from a sequence.

    ``plain`` tells whether its value is the number, as a number or as text; otherwise the default makes something
    else of it. ``readable`` tells whether this role may read the column. ``root`` is the table of which ``relation``
    is a partition, at whatever level, or ``relation`` itself.
    """

    relation: int
    schema: str
    table: str
    column: str
    type: str
    category: str
    plain: bool
    readable: bool
    root: int

    @property
    def full_name(self) -> str:
        """``schema.table``, unquoted."""
        return f"{self.schema}.{self.table}"

    @property
    def partition(self) -> str:
        """The name of the partition that has a sequence of its own; empty for a whole table."""
        return self.table if self.relation != self.root else ""

    @property
    def comparable(self) -> bool:
        """Whether the column's values say which numbers are taken."""
        return self.plain and self.readable and (self.type in NUMBERS or self.category == TEXT)


@dataclass(frozen=True)
class Position:
    """Where a sequence stands, as `setval` takes it: with ``called`` unset, ``value`` is the next number."""

    value: int
    called: bool


@dataclass(frozen=True)
class ColumnSequence:
    """A sequence, and all columns that take numbers from it. ``position`` is set by `read_positions`.

    ``may_read`` and ``may_set`` say what this role may.
    """

    oid: int
    schema: str
    name: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cycles: bool
    may_read: bool
    may_set: bool
    uses: tuple[SequenceUse, ...]
    position: Position | None = None

    @property
    def full_name(self) -> str:
        """``schema.name``, unquoted."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """The qualified name, quoted."""
        return sql.Identifier(self.schema, self.name)

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """The lowest and the highest number that it can give and its columns can take."""
        ranges = [RANGES[use.type] for use in self.uses if use.plain and use.type in RANGES]
        return max([self.minimum, *(-r for r in ranges)]), min([self.maximum, *(r - 1 for r in ranges)])


async def read_sequences(connection: Connection, tables: Collection[int]) -> tuple[ColumnSequence, ...]:
    """Return the sequences of the columns of ``tables`` (oids) and their partitions, and where they stand.

    Raises what the driver raises.
    """
    partitions = await run(connection, sql.SQL(queries.load("sequence_partitions")), {"tables": list(tables)})
    if not partitions[0][0]:  # as in many a small database, where to plan the query takes longer than all else
        return ()
    roots = {oid: root for _, oid, root in partitions if oid is not None and oid not in tables}
    rows = await run(connection, sql.SQL(queries.load("column_sequences")), {"tables": [*tables, *roots]})
    sequences = []
    for key, members in groupby(rows, key=lambda row: row[:10]):
        uses = tuple(SequenceUse(*(*row[10:], roots.get(row[10], row[10]))) for row in members)
        sequences.append(ColumnSequence(**dict(zip(FIELDS, key, strict=True)), uses=uses))
    return await with_positions(connection, sequences)


async def with_positions(connection: Connection, sequences: Collection[ColumnSequence]) -> tuple[ColumnSequence, ...]:
    """Return ``sequences`` with where each stands now. Raises what the driver raises."""
    positions = await read_positions(connection, {s.oid: s.identifier for s in sequences if s.may_read})
    return tuple(replace(sequence, position=positions.get(sequence.oid)) for sequence in sequences)


async def read_named_sequences(connection: Connection, names: Collection[str]) -> dict[str, ColumnSequence]:
    """Return those of the sequences called ``schema.name``, quoted, that are there, and where they stand, by that name.

    Which columns take numbers from them isn't looked up. Raises what the driver raises.
    """
    rows = await run(connection, sql.SQL(queries.load("named_sequences")), {"names": list(names)})
    sequences = {name: ColumnSequence(**dict(zip(FIELDS, row, strict=True)), uses=()) for name, *row in rows}
    positions = await read_positions(connection, {s.oid: s.identifier for s in sequences.values() if s.may_read})
    return {name: replace(sequence, position=positions.get(sequence.oid)) for name, sequence in sequences.items()}


async def read_positions(connection: Connection, sequences: Mapping[int, sql.Identifier]) -> dict[int, Position]:
    """Return where sequences stand, by oid: none of the catalog's views tells whether one has been used."""
    one = sql.SQL("SELECT {}::bigint, last_value, is_called FROM {}")
    rows = await _union(connection, [one.format(sql.Literal(oid), name) for oid, name in sequences.items()])
    return {oid: Position(value, called) for oid, value, called in rows}


async def read_furthest(connection: Connection, sequences: Collection[ColumnSequence]) -> dict[int, int]:
    """Return the furthest number that columns hold of each sequence, by oid; nothing of those that hold none.

    Numbers beyond a sequence's bounds don't count: it can't give them.
    """
    parts = [
        _furthest(sequence, use, sequence.bounds)
        for sequence in sequences
        for use in sequence.uses
        if use.comparable and sequence.bounds[0] <= sequence.bounds[1]
    ]
    direction: Mapping[int, int] = {sequence.oid: sequence.increment for sequence in sequences}
    furthest: dict[int, int] = {}
    for oid, number in await _union(connection, parts):
        if number is not None:
            further = max if direction[oid] > 0 else min
            furthest[oid] = further(furthest.get(oid, int(number)), int(number))
    return furthest


async def set_positions(connection: Connection, positions: Sequence[tuple[int, Position]]) -> None:
    """Let sequences (oids) stand where ``positions`` say. What the server does here isn't undone with a transaction."""
    query = sql.SQL("SELECT pg_catalog.setval(p.oid::regclass, p.value, p.called) FROM (VALUES {}) AS p {}")
    names = sql.SQL("(oid, value, called)")
    for start in range(0, len(positions), AT_ONCE):
        values = [
            sql.SQL("({}::oid, {}::bigint, {})").format(*map(sql.Literal, (oid, position.value, position.called)))
            for oid, position in positions[start : start + AT_ONCE]
        ]
        await run(connection, query.format(sql.SQL(", ").join(values), names))


def setting_position(sequence: ColumnSequence, position: Position) -> str:
    """Return the statement by which a person sets one sequence."""
    name = sequence.identifier.as_string(None)
    values = (sql.Literal(name), sql.Literal(position.value), sql.Literal(position.called))
    return sql.SQL("SELECT pg_catalog.setval({}, {}, {});").format(*values).as_string(None)


def _furthest(sequence: ColumnSequence, use: SequenceUse, bounds: tuple[int, int]) -> sql.Composed:
    column = sql.Identifier(use.column)
    digits = sql.SQL("CASE WHEN {0} ~ '^-?[0-9]{{1,19}}$' THEN {0}::numeric END").format(column)
    query = (
        "SELECT {}::bigint, pg_catalog.trunc(pg_catalog.{}({number})::numeric) FROM {} WHERE {number} BETWEEN {} AND {}"
    )
    return sql.SQL(query).format(
        sql.Literal(sequence.oid),
        sql.SQL("max" if sequence.increment > 0 else "min"),
        sql.Identifier(use.schema, use.table),
        sql.Literal(bounds[0]),
        sql.Literal(bounds[1]),
        number=column if use.type in NUMBERS else digits,
    )


async def _union(connection: Connection, parts: Sequence[sql.Composable]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(parts), AT_ONCE):
        rows += await run(connection, sql.SQL(" UNION ALL ").join(parts[start : start + AT_ONCE]))
    return rows
