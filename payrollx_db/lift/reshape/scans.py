"""Looking at the data of a source: one scan a table, with a time limit, whole or a sample, and never a value shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.texts import UUID_PATTERN
from payrollx_db.postgres import errors
from payrollx_db.postgres.errors import DRIVER_ERRORS
from payrollx_db.postgres.introspect import Column, Table
from payrollx_db.postgres.session import Connection, run
from payrollx_db.postgres.sqlstates import QUERY_CANCELED

TIMEOUT = 60.0  # seconds for one scan
SAMPLE = 200_000  # rows of a table that is too large to be read whole in that time
CANONICAL = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

# What is counted of a column, by what is suspected of it.
TEXT_MEASURES = (
    "pg_catalog.count({c})",
    "pg_catalog.count(*) FILTER (WHERE {c} OPERATOR(pg_catalog.!~) {uuid})",
    "pg_catalog.count(*) FILTER (WHERE {c} OPERATOR(pg_catalog.~) {uuid} AND {c} OPERATOR(pg_catalog.!~) {canonical})",
)
NUMBER_MEASURES = (
    "pg_catalog.count({c})",
    "pg_catalog.count(*) FILTER (WHERE NOT {finite})",
    (
        "coalesce(pg_catalog.max(CASE WHEN pg_catalog.abs({n}) < 1 THEN 0"
        " ELSE pg_catalog.length(pg_catalog.trunc(pg_catalog.abs({n}))::text) END) FILTER (WHERE {finite}), 0)"
    ),
    (
        "coalesce(pg_catalog.max(pg_catalog.length(pg_catalog.rtrim(pg_catalog.split_part({n}::text, '.', 2), '0')))"
        " FILTER (WHERE {finite}), 0)"
    ),
)
NO_LIMIT = "SET LOCAL statement_timeout = 0"
FINITE = "{c}::text NOT IN ('NaN', 'Infinity', '-Infinity')"


@dataclass(frozen=True)
class Scan:
    """What one scan showed: how many rows it read, whether those were a sample, and the counts a column."""

    rows: int
    sampled: bool
    counts: dict[str, tuple[int, ...]]

    def of(self, extent: int, what: str = "values") -> str:
        """Return how many were looked at, in words."""
        return f"{extent:,} {what}" + (" in a sample" if self.sampled else "")


def time_limit(seconds: float) -> sql.Composed:
    """Return the statement that ends each later statement of a transaction after so many seconds."""
    return sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(max(1, int(seconds * 1000))))


async def scan(
    connection: Connection, table: Table, texts: Sequence[Column], numbers: Sequence[Column], seconds: float = TIMEOUT
) -> Scan | None:
    """Count what the columns of a table hold, in the current transaction. Raises the driver's errors.

    A table that takes longer than ``seconds`` is looked at in a sample of its pages; ``None`` where that takes too long
    as well.
    """
    percent = min(100.0, max(0.001, 100 * SAMPLE / max(table.rows, SAMPLE)))
    for sample, limit in (("", seconds), (f" TABLESAMPLE SYSTEM ({percent:.6f})", max(seconds, TIMEOUT))):
        try:
            return await _scan(connection, table, texts, numbers, limit, sample)
        except DRIVER_ERRORS as error:
            if errors.sqlstate(error) != QUERY_CANCELED:
                raise
    return None


async def _scan(
    connection: Connection,
    table: Table,
    texts: Sequence[Column],
    numbers: Sequence[Column],
    seconds: float,
    sample: str,
) -> Scan:
    measures = [
        *((column.name, [_text(measure, column) for measure in TEXT_MEASURES]) for column in texts),
        *((column.name, [_number(measure, column) for measure in NUMBER_MEASURES]) for column in numbers),
    ]
    wanted = [sql.SQL("pg_catalog.count(*)"), *(part for _, parts in measures for part in parts)]
    only = sql.SQL("" if table.kind == "p" else "ONLY ")
    query = sql.SQL("SELECT {} FROM {}{} AS s{}").format(
        sql.SQL(", ").join(wanted),
        only,
        table.identifier,
        sql.SQL(sample),
    )
    async with connection.transaction():  # a savepoint: the time limit may cancel the statement
        await connection.execute(time_limit(seconds))
        ((rows, *values),) = await run(connection, query)
        await connection.execute(NO_LIMIT)  # not for what ends the savepoint, and comes after it
    return Scan(rows, bool(sample), dict(_split(measures, values)))


def _split(measures: Sequence[tuple[str, Sequence[Any]]], values: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:
    split, position = [], 0
    for name, parts in measures:
        split.append((name, tuple(values[position : position + len(parts)])))
        position += len(parts)
    return split


def _text(measure: str, column: Column) -> sql.Composed:
    value = sql.SQL("{}::text").format(sql.Identifier("s", column.name))
    patterns = {"uuid": sql.Literal(UUID_PATTERN), "canonical": sql.Literal(CANONICAL)}
    return sql.SQL(measure).format(c=value, **patterns)


def _number(measure: str, column: Column) -> sql.Composed:
    name = sql.Identifier("s", column.name)
    # Of a float, the text has all that it takes to tell it from its neighbours.
    number = sql.SQL("{}::text::numeric").format(name)
    finite = sql.SQL(FINITE).format(c=name)
    return sql.SQL(measure).format(c=name, n=number, finite=finite)
