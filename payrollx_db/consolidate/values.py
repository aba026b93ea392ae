"""Values that the target could not hold as they are: looked for in the source, in as few scans as can be.

The first scan of a table simply converts everything and counts what is suspicious. Patterns and
groupings, which cost several times as much, run only over columns where that scan found a reason to.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from payrollx_db.consolidate.connect import Connection, Endpoint, run, session
from payrollx_db.consolidate.findings import EXAMPLES, Finding
from payrollx_db.consolidate.inspect import Index
from payrollx_db.consolidate.mapping import ROW, ColumnPlan, TablePlan, new_uniques


@dataclass(frozen=True)
class Values:
    """What is known of one table's values. ``dirty`` are the target columns that some value can't be converted for."""

    table: TablePlan
    findings: tuple[Finding, ...]
    dirty: frozenset[str]

    def guarded(self, column: ColumnPlan) -> sql.Composable:
        """Return the column's transform, NULL for values that can't be converted (those are findings already)."""
        made = column.conversion
        if made.valid is None or column.target.name not in self.dirty:
            return made.value
        return sql.SQL("CASE WHEN {} THEN {} END").format(made.valid, made.value)


@dataclass(frozen=True)
class _Probe:
    """One thing that may be wrong with a column. ``quick`` may raise on a bad value; ``safe`` never does."""

    code: str
    column: ColumnPlan
    quick: sql.Composable
    safe: sql.Composable
    message: str


async def look(table: TablePlan, endpoint: Endpoint) -> Values:
    """Find what can't be converted, would be changed, is NULL against the target's will, or is there too often.

    Raises SourceError where the table can't be read.
    """
    probes = list(_probes(table))
    odd = [(column, _is_odd(column)) for column in _uuid_keys(table)]
    conditions = [probe.quick for probe in probes] + [condition for _, condition in odd]
    async with session(endpoint) as connection:
        with endpoint.blamed(f"can't read {table.source.full_name}"):
            counts = await _scan(connection, table, conditions)
            found: list[Finding] = []
            if counts is None or any(counts[: len(probes)]):
                found = [f for probe in probes if (f := await _probe(connection, table, probe)).count]
            dirty = frozenset(f.place.rpartition(".")[2] for f in found if f.code == "unconvertible")
            columns = frozenset(c.target.name for c in table.columns if dirty & set(c.sources))
            values = Values(table, tuple(found), columns)
            suspects = None if counts is None else {
                column.target.name for (column, _), count in zip(odd, counts[len(probes) :], strict=True) if count
            }  # fmt: skip
            found += await _duplicates(connection, values)
            found += await _collisions(connection, values, suspects)
    return Values(table, tuple(found), columns)


def _probes(table: TablePlan) -> Iterator[_Probe]:
    for column in table.columns:
        made, kind = column.conversion, column.target.type.display
        valid = made.valid or sql.SQL("true")
        if made.valid is not None:
            bad = sql.SQL("NOT ({})").format(made.valid)
            quick = sql.SQL("false") if made.raises else bad
            yield _Probe("unconvertible", column, quick, bad, f"value is no {kind}")
        if made.lossy is not None:
            safe = sql.SQL("CASE WHEN {} THEN {} END").format(valid, made.lossy)
            yield _Probe("lossy", column, made.lossy, safe, f"value that {kind} would round or cut")
        source = table.source.column(column.sources[0]) if len(column.sources) == 1 else None
        if not column.target.nullable and (source is None or source.nullable):
            safe = sql.SQL("CASE WHEN {} THEN {} IS NULL END").format(valid, made.value)
            null = sql.SQL("{} IS NULL").format(made.value)
            yield _Probe("null", column, null, safe, "no value, and the target demands one")


async def _scan(
    connection: Connection, table: TablePlan, conditions: Iterable[sql.Composable]
) -> tuple[int, ...] | None:
    """Convert every value and count the conditions; ``None`` where a value made the server refuse."""
    counted = [sql.SQL("pg_catalog.count(*) FILTER (WHERE {})").format(condition) for condition in conditions]
    converted = [
        sql.SQL("pg_catalog.count({})").format(column.conversion.value)
        for column in table.columns
        if column.conversion.raises and column.conversion.rule not in ("same type", "to text")
    ]
    if not counted and not converted:
        return ()
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(counted + converted), table.from_clause)
    try:
        return (await run(connection, query))[0][: len(counted)]
    except psycopg.DataError:
        return None


async def _probe(connection: Connection, table: TablePlan, probe: _Probe) -> Finding:
    query = sql.SQL("SELECT pg_catalog.count(*) FROM {} WHERE {}").format(table.from_clause, probe.safe)
    count = (await run(connection, query))[0][0]
    examples: tuple[str, ...] = ()
    if count:
        named = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY 1 LIMIT {}").format(
            _source_key(table), table.from_clause, probe.safe, sql.Literal(EXAMPLES)
        )
        examples = tuple(str(key) for (key,) in await run(connection, named))
    return Finding(probe.code, "block", place(table, [probe.column]), count, probe.message, examples)


async def _duplicates(connection: Connection, values: Values) -> list[Finding]:
    """Find rows beyond the first for values that only the target demands to be unique."""
    found = []
    for index, columns in new_uniques(values.table):
        names = ", ".join(column.target.name for column in columns)
        message = f"too many for the unique {index.name} ({names})"
        found.append(await _too_many(connection, values, columns, "duplicate", message))
    return [finding for finding in found if finding.count]


async def _collisions(connection: Connection, values: Values, suspects: set[str] | None) -> list[Finding]:
    """Find keys that are two in the source and become one: text ids that differ in case or hyphens only.

    ``suspects`` are the columns with an id that isn't written as uuid writes it (``None``: unknown).
    """
    found = []
    for _, columns in _unique_uuids(values.table):
        if suspects is None or suspects & {column.target.name for column in columns}:
            message = "same key as another row once converted"
            found.append(await _too_many(connection, values, columns, "case-collision", message))
    return [finding for finding in found if finding.count]


async def _too_many(
    connection: Connection, values: Values, columns: Iterable[ColumnPlan], code: str, message: str
) -> Finding:
    """Count the rows beyond the first of each value that several rows share once it is converted."""
    chosen = list(columns)
    names = sql.SQL(", ").join(sql.Identifier(column.target.name) for column in chosen)
    converted = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(values.guarded(column), sql.Identifier(column.target.name)) for column in chosen
    )
    query = sql.SQL(
        "SELECT pg_catalog.concat_ws(', ', {names}), pg_catalog.count(*) - 1"
        " FROM (SELECT {converted} FROM {source}) AS v"
        " WHERE ROW({names}) IS NOT NULL GROUP BY {names} HAVING pg_catalog.count(*) > 1 ORDER BY 1"
    ).format(names=names, converted=converted, source=values.table.from_clause)
    rows: list[tuple[Any, ...]] = await run(connection, query)
    examples = tuple(str(value) for value, _ in rows[:EXAMPLES])
    return Finding(code, "block", place(values.table, chosen), sum(number for _, number in rows), message, examples)


def _unique_uuids(table: TablePlan) -> Iterator[tuple[Index, list[ColumnPlan]]]:
    """Yield the uniques that the source has too, but over text ids that become uuid."""
    named = {column.target.name: column for column in table.columns}
    for index in table.target.indexes:
        columns = [named[name] for name in index.columns if name in named]
        origins = [column.sources[0] for column in columns if len(column.sources) == 1]
        converted = any(column.conversion.rule == "text to uuid" for column in columns)
        if index.unique and index.plain and converted and table.source.unique_over(origins):
            yield index, columns


def _uuid_keys(table: TablePlan) -> list[ColumnPlan]:
    keys = {column.target.name for _, columns in _unique_uuids(table) for column in columns}
    return [c for c in table.columns if c.target.name in keys and c.conversion.rule == "text to uuid"]


def _is_odd(column: ColumnPlan) -> sql.Composable:
    """Return a condition true of ids that aren't written as uuid writes them."""
    source = sql.Identifier(ROW, column.sources[0])
    return sql.SQL("{}::text <> {}").format(column.conversion.value, source)


def place(table: TablePlan, columns: Iterable[ColumnPlan]) -> str:
    """Return what a finding calls these columns: ``database.schema.table.column``."""
    names = dict.fromkeys(name for column in columns for name in column.sources)
    return f"{table.source_name}.{'+'.join(names)}" if names else table.source_name


def _source_key(table: TablePlan) -> sql.Composable:
    names = table.source.primary_key or tuple(column.name for column in table.source.columns[:1])
    texts = [sql.SQL("{}::text").format(sql.Identifier(ROW, name)) for name in names]
    return sql.SQL("pg_catalog.concat_ws(', ', {})").format(sql.SQL(", ").join(texts))
