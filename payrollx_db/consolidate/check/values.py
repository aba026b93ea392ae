"""Values that the target could not hold as they are: searched in the source, in as few scans as can be.

The first scan of a table simply converts everything and counts what is suspicious. Patterns and
groupings, which cost several times as much, run only over columns where that scan gave a reason to.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan, new_uniques
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

REFUSED = ("unconvertible", "enum-unknown")  # codes of values that the transform can't turn into the target's type
NEWEST = ("updatedAt", "updated_at")  # the columns that tell which of two rows is the newer


@dataclass(frozen=True)
class Suspect:
    """A finding, and the query of the keys of the rows that it is about (``None``: they can't be named)."""

    finding: Finding
    keys: sql.Composable | None
    column: str = ""


@dataclass(frozen=True)
class Values:
    """What is known of one table's values. ``dirty`` are the target columns that some value can't be converted for.

    ``odd`` are the columns with an id that isn't written as uuid writes it (``None``: unknown).
    """

    table: TablePlan
    suspects: tuple[Suspect, ...]
    dirty: frozenset[str]
    odd: frozenset[str] | None

    def guarded(self, column: ColumnPlan) -> sql.Composable:
        """Return the column's transform, NULL for values that can't be converted (those are findings already)."""
        conversion = column.conversion
        if conversion.valid is None or column.target.name not in self.dirty:
            return conversion.value
        return sql.SQL("CASE WHEN {} THEN {} END").format(conversion.valid, conversion.value)


@dataclass(frozen=True)
class _Probe:
    """One thing that may be wrong with a column. ``quick`` may raise on a bad value; ``safe`` never does."""

    code: str
    column: ColumnPlan
    quick: sql.Composable
    safe: sql.Composable
    message: str


async def scan_values(
    context: Context, table: TablePlan, among: Sequence[str] | None = None, *, silent: bool = False
) -> Values:
    """Find values that can't be converted, would be changed, or are NULL against the target's will.

    ``among`` limits it to the rows with these keys; ``silent`` to what would be changed without a word.
    Raises SourceError where the table can't be read.
    """
    rows = sql.SQL("true") if among is None else table.among(among)
    probes = [probe for probe in _probes(table) if not silent or probe.code == "lossy"]
    keys = [] if silent else _uuid_keys(table)
    conditions = [probe.quick for probe in probes] + [_is_odd(column) for column in keys]
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't read {table.source.full_name}"):
            converted = [] if silent else [c.conversion.value for c in table.columns if _is_converted(c)]
            counts = await _scan(connection, table, conditions, converted, rows)
            suspects: list[Suspect] = []
            if counts is None or any(counts[: len(probes)]):
                probed = [await _probe(connection, table, probe, rows) for probe in probes]
                suspects = [suspect for suspect in probed if suspect.finding.count]
    dirty = frozenset(s.column for s in suspects if s.finding.code in REFUSED)
    if counts is None:
        return Values(table, tuple(suspects), dirty, None)
    odd = {c.target.name for c, count in zip(keys, counts[len(probes) :], strict=True) if count}
    return Values(table, tuple(suspects), dirty, frozenset(odd))


async def too_many(context: Context, table: TablePlan, values: Values) -> list[Suspect]:
    """Find rows beyond the one that may stay, for values that the target demands to be unique.

    Rows that are out already don't count. Among rows with one value the newest stays. Raises SourceError.
    """
    suspects: list[Suspect] = []
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't look for duplicates in {table.source.full_name}"):
            for index, columns in new_uniques(table):
                names = ", ".join(column.target.name for column in columns)
                message = f"too many for the unique {index.name} ({names})"
                suspects.append(await _group(connection, table, values, columns, "duplicate", message))
            for keys in _unique_uuids(table):
                if values.odd is None or values.odd & {column.target.name for column in keys}:
                    message = "same key as another row once converted"
                    suspects.append(await _group(connection, table, values, keys, "case-collision", message))
    return [suspect for suspect in suspects if suspect.finding.count]


def _probes(table: TablePlan) -> Iterator[_Probe]:
    for column in table.columns:
        conversion, kind = column.conversion, column.target.type.display
        valid = conversion.valid or sql.SQL("true")
        if conversion.valid is not None:
            bad = sql.SQL("NOT ({})").format(conversion.valid)
            quick = sql.SQL("false") if conversion.raises else bad
            yield _Probe(conversion.code, column, quick, bad, f"value is no {kind}")
        if conversion.lossy is not None:
            safe = sql.SQL("CASE WHEN {} THEN {} END").format(valid, conversion.lossy)
            yield _Probe("lossy", column, conversion.lossy, safe, f"value that {kind} would round or cut")
        source = table.source.column(column.sources[0]) if len(column.sources) == 1 else None
        if not column.target.nullable and (source is None or source.nullable):
            safe = sql.SQL("CASE WHEN {} THEN {} IS NULL END").format(valid, conversion.value)
            null = sql.SQL("{} IS NULL").format(conversion.value)
            yield _Probe("null", column, null, safe, "no value, and the target demands one")


def _is_converted(column: ColumnPlan) -> bool:
    """Whether the source's server may refuse a value of this column."""
    return column.conversion.raises and column.conversion.rule not in ("same type", "to text")


async def _scan(
    connection: Connection,
    table: TablePlan,
    conditions: Iterable[sql.Composable],
    converted: Iterable[sql.Composable],
    rows: sql.Composable,
) -> tuple[int, ...] | None:
    """Count the conditions and convert the values; ``None`` where the server refused one."""
    counted = [sql.SQL("pg_catalog.count(*) FILTER (WHERE {})").format(condition) for condition in conditions]
    conversions = [sql.SQL("pg_catalog.count({})").format(value) for value in converted]
    if not counted and not conversions:
        return ()
    values = sql.SQL(", ").join(counted + conversions)
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(values, table.from_clause, rows)
    try:
        return (await run(connection, query))[0][: len(counted)]
    except psycopg.DataError:
        return None


async def _probe(connection: Connection, table: TablePlan, probe: _Probe, rows: sql.Composable) -> Suspect:
    where = sql.SQL("{} AND {}").format(rows, probe.safe)
    query = sql.SQL("SELECT pg_catalog.count(*) FROM {} WHERE {}").format(table.from_clause, where)
    count = (await run(connection, query))[0][0]
    keys = None
    if table.source_key is not None:
        keys = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY 1").format(table.source_key, table.from_clause, where)
    examples = await _examples(connection, keys) if count else ()
    finding = Finding(probe.code, "block", place(table, [probe.column]), count, probe.message, examples)
    return Suspect(finding, keys, probe.column.target.name)


async def _group(
    connection: Connection, table: TablePlan, values: Values, columns: Sequence[ColumnPlan], code: str, message: str
) -> Suspect:
    """Count the rows beyond the newest of each value that several rows share once it is converted."""
    named = [sql.Identifier(f"c{number}") for number in range(len(columns))]
    converted = [
        sql.SQL("{} AS {}").format(values.guarded(column), name) for column, name in zip(columns, named, strict=True)
    ]
    newest = [sql.Identifier(ROW, name) for name in NEWEST if table.source.column(name)]
    parts = {
        "names": sql.SQL(", ").join(named),
        "converted": sql.SQL(", ").join(converted),
        "age": newest[0] if newest else sql.SQL("NULL::timestamp"),
        "key": table.source_key or sql.SQL("s.ctid::text"),
        "source": table.from_clause,
        "kept": table.kept,
    }
    keys = sql.SQL(queries.load("surplus_keys")).format(**parts)
    count = (await run(connection, sql.SQL(queries.load("surplus_count")).format(**parts)))[0][0]
    examples = await _examples(connection, keys) if count else ()
    finding = Finding(code, "block", place(table, columns), count, message, examples)
    return Suspect(finding, keys if table.source_key is not None else None)


async def _examples(connection: Connection, keys: sql.Composable | None) -> tuple[str, ...]:
    if keys is None:
        return ()
    some = sql.SQL("SELECT * FROM ({}) AS keys LIMIT {}").format(keys, sql.Literal(EXAMPLES))
    return tuple(str(key) for (key,) in await run(connection, some))


def _unique_uuids(table: TablePlan) -> Iterator[list[ColumnPlan]]:
    """Yield the columns of uniques that the source has too, but over text ids that become uuid."""
    named = {column.target.name: column for column in table.columns}
    for index in table.target.indexes:
        columns = [named[name] for name in index.columns if name in named]
        origins = [column.sources[0] for column in columns if len(column.sources) == 1]
        converted = any(column.conversion.rule == "text to uuid" for column in columns)
        if index.unique and index.plain and converted and table.source.unique_over(origins):
            yield columns


def _uuid_keys(table: TablePlan) -> list[ColumnPlan]:
    keys = {column.target.name for columns in _unique_uuids(table) for column in columns}
    return [c for c in table.columns if c.target.name in keys and c.conversion.rule == "text to uuid"]


def _is_odd(column: ColumnPlan) -> sql.Composable:
    """Return a condition true of ids that aren't written as uuid writes them."""
    source = sql.Identifier(ROW, column.sources[0])
    return sql.SQL("{}::text <> {}").format(column.conversion.value, source)


def place(table: TablePlan, columns: Iterable[ColumnPlan]) -> str:
    """Return what a finding calls these columns: ``database.schema.table.column``."""
    names = dict.fromkeys(name for column in columns for name in column.sources)
    return f"{table.source_name}.{'+'.join(names)}" if names else table.source_name
