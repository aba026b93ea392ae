"""Values that the target could not hold as they are: searched in the source, in as few scans as can be.

The first scan of a table simply converts everything and counts what is suspicious. Patterns and
groupings, which cost several times as much, run only over columns where that scan gave a reason to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from payrollx_db.consolidate.check.attempts import Refused, refused_rows, within
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.copy.rows import in_groups
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan
from payrollx_db.consolidate.state.parts import Place
from payrollx_db.model.finding import EXAMPLES, Finding, Severity
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import Connection, run

REFUSED = ("unconvertible", "enum-unknown")  # codes of values that the transform can't turn into the target's type
SILENT = ("lossy", "ambiguous-time")  # codes of values that nothing else would notice
MOST_KEYS = 100_001  # of rows that a transform fails on, held in memory: one more than a run may decide about
AT_ONCE = 1_600  # values that one query asks for: a server takes 1,664, fewer than the widest tables need
TOGETHER = 50  # small tables that one query asks about
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

    ``odd`` are the columns with an id that isn't written as uuid writes it (``None``: unknown). ``refused`` are, by
    target column, the rows on which its transform fails, where trying each was needed to know.
    """

    table: TablePlan
    suspects: tuple[Suspect, ...]
    dirty: frozenset[str]
    odd: frozenset[str] | None
    refused: Mapping[str, Refused] = field(default_factory=dict)

    def guarded(self, column: ColumnPlan) -> sql.Composable:
        """Return the column's transform, NULL for values that can't be converted (those are findings already)."""
        if column.target.name not in self.dirty:
            return column.conversion.value
        return guard(self.table, column, self.refused, column.conversion.value)


@dataclass(frozen=True)
class _Probe:
    """One thing that may be wrong with a column. ``condition`` may raise on a value that can't be converted."""

    code: str
    column: ColumnPlan
    condition: sql.Composable
    message: str
    severity: Severity = "block"


async def scan_values(
    context: Context,
    table: TablePlan,
    among: Sequence[str] | None = None,
    *,
    silent: bool = False,
    counts: tuple[int, ...] | None = None,
) -> Values:
    """Find values that can't be converted, would be changed, or are NULL against the target's will.

    ``among`` limits it to the rows with these keys; ``silent`` to what would be changed without a word. ``counts`` are
    what `count_together` has counted of all rows. Raises SourceError where the table can't be read.
    """
    rows = table.kept if among is None else table.among(among)
    if not _is_asked(table, silent=silent) or (counts is not None and not any(counts)):  # most tables
        return Values(table, (), frozenset(), frozenset(), {})
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't read {table.source.full_name}"):
            return await scan_rows(connection, table, rows, silent=silent, counts=counts)


async def count_together(
    context: Context, tables: Iterable[TablePlan], *, silent: bool = False
) -> dict[Place, tuple[int, ...]]:
    """Count what is suspicious in small tables, those of one database by one query.

    Returns, for each table that there is anything to ask of, what `scan_values` takes; but for those of a query that
    failed, whatever it failed of: asked alone, each shows its own error or refused value.
    """
    groups: dict[str, list[TablePlan]] = {}
    for table in tables:
        if table.small and _is_asked(table, silent=silent):
            groups.setdefault(table.database, []).append(table)
    parts = [part for group in groups.values() for part in in_groups(group, TOGETHER)]
    counted = await limited([_count_group(context, part, silent=silent) for part in parts], context.jobs)
    return {place: counts for answer in counted for place, counts in answer.items()}


async def scan_rows(
    connection: Connection,
    table: TablePlan,
    rows: sql.Composable,
    *,
    silent: bool = False,
    few: bool = False,
    counts: tuple[int, ...] | None = None,
) -> Values:
    """Do the same over those ``rows`` of the source, a condition, in a session that may be in a transaction.

    ``few`` says that they are few, of a table that may be large. Raises psycopg's errors.
    """
    probes, keys = _probes_of(table, silent=silent), [] if silent else _uuid_keys(table)
    if counts is None:
        counts = await _scan(connection, table, *_scanned(table, silent=silent), rows)
    suspects: list[Suspect] = []
    refused: dict[str, Refused] = {}
    if counts is None:
        everything = list(_probes(table))
        suspects, refused = await _search(connection, table, everything, rows, few=few)
    elif any(counts[: len(probes)]):
        suspects = [await _probe(connection, table, probe, rows, {}, few=few) for probe in probes]
    suspects = [suspect for suspect in suspects if suspect.finding.count]
    dirty = frozenset(s.column for s in suspects if s.finding.code in REFUSED)
    odd = None
    if counts is not None:
        odd = frozenset(c.target.name for c, n in zip(keys, counts[len(probes) :], strict=True) if n)
    return Values(table, tuple(suspects), dirty, odd, refused)


def _is_asked(table: TablePlan, *, silent: bool) -> bool:
    """Tell whether there is anything to ask of a table's values."""
    return any(_scanned(table, silent=silent))


def _probes_of(table: TablePlan, *, silent: bool) -> list[_Probe]:
    return [probe for probe in _probes(table) if not silent or probe.code in SILENT]


def _scanned(table: TablePlan, *, silent: bool) -> tuple[list[sql.Composable], list[sql.Composable]]:
    """Return the conditions that the first scan counts, of probes and then of keys, and what else it converts."""
    keys = [] if silent else _uuid_keys(table)
    conditions = [_quick(probe) for probe in _probes_of(table, silent=silent)] + [_is_odd(column) for column in keys]
    # The ids among the keys are converted anyway, to see how they are written.
    raising = [c for c in table.columns if c.conversion.raises and c not in keys]
    return conditions, [] if silent else [c.conversion.value for c in raising]


async def _count_group(context: Context, tables: Sequence[TablePlan], *, silent: bool) -> dict[Place, tuple[int, ...]]:
    queries: list[sql.Composable] = []
    numbers: list[int] = []
    for number, table in enumerate(tables):
        conditions, converted = _scanned(table, silent=silent)
        numbers.append(len(conditions))
        counts = sql.SQL(", ").join(_counting(conditions, converted))
        query = sql.SQL("SELECT {}, ARRAY[{}] FROM {} WHERE {}")
        queries.append(query.format(sql.Literal(number), counts, table.from_clause, table.kept))
    endpoint = context.sources[tables[0].database]
    async with context.sessions.session(endpoint) as connection:
        try:
            answers = await run(connection, sql.SQL(" UNION ALL ").join(queries))
        except psycopg.Error:
            return {}
    return {tables[number].place: tuple(counts[: numbers[number]]) for number, counts in answers}


def _counting(conditions: Iterable[sql.Composable], converted: Iterable[sql.Composable]) -> list[sql.Composed]:
    counted = [sql.SQL("pg_catalog.count(*) FILTER (WHERE {})").format(condition) for condition in conditions]
    return counted + [sql.SQL("pg_catalog.count({})").format(value) for value in converted]


def guard(
    table: TablePlan, column: ColumnPlan, refused: Mapping[str, Refused], value: sql.Composable
) -> sql.Composable:
    """Return ``value``, an expression over what ``column`` becomes, NULL where it can't be converted."""
    conditions = [] if column.conversion.valid is None else [column.conversion.valid]
    if known := refused.get(column.target.name):
        conditions.append(sql.SQL("NOT ({})").format(known.among(table)))
    if not conditions:
        return value
    return sql.SQL("CASE WHEN {} THEN {} END").format(sql.SQL(" AND ").join(conditions), value)


def notes(tables: Iterable[TablePlan]) -> Iterator[Finding]:
    """Yield what is to be known of columns' conversions, whatever their values are."""
    for table in tables:
        for column in table.columns:
            if known := column.conversion.note:
                yield Finding(known.code, known.severity, place(table, [column]), 1, known.message)


def _probes(table: TablePlan) -> Iterator[_Probe]:
    for column in table.columns:
        conversion, kind = column.conversion, column.target.type.display
        if conversion.valid is not None:
            bad = sql.SQL("NOT ({})").format(conversion.valid)
            yield _Probe(conversion.code, column, bad, f"value is no {kind}")
        if conversion.lossy is not None:
            message = f"value that doesn't read back from {kind}: it would be rounded, cut or changed"
            yield _Probe("lossy", column, conversion.lossy, message)
        if conversion.ambiguous is not None:
            message = "local time that came twice, as the clocks were put back: the later one is taken"
            yield _Probe("ambiguous-time", column, conversion.ambiguous, message, "warn")
        if not column.target.nullable and column.nullable:
            null = sql.SQL("{} IS NULL").format(conversion.value)
            yield _Probe("null", column, null, "no value, and the target demands one")


def _quick(probe: _Probe) -> sql.Composable:
    """Return the probe's condition for a scan that converts everything: what raises need not be asked for."""
    if probe.code in REFUSED and not probe.column.conversion.late:
        return sql.SQL("false")
    return probe.condition


async def _search(
    connection: Connection, table: TablePlan, probes: Sequence[_Probe], rows: sql.Composable, *, few: bool
) -> tuple[list[Suspect], dict[str, Refused]]:
    """Look into a table of which the server refused a value: by the rules' own conditions, else row by row."""
    stated = [p for p in probes if p.code in REFUSED]
    suspects = [await _probe(connection, table, probe, rows, {}, few=few) for probe in stated]
    known = {suspect.column for suspect in suspects if suspect.finding.count}
    unstated = [c for c in table.columns if c.conversion.raises and c.conversion.valid is None]
    if not unstated and not known:
        unstated = [c for c in table.columns if c.conversion.raises]
    tried = [sql.SQL("{}").format(guard(table, column, {}, column.conversion.value)) for column in unstated]
    answers = await refused_rows(connection, table, tried, rows, MOST_KEYS, few=few)
    refused = {c.target.name: answer for c, answer in zip(unstated, answers, strict=True) if answer.count}
    suspects += [_refused(table, c, refused[c.target.name]) for c in unstated if c.target.name in refused]
    others = [probe for probe in probes if probe.code not in REFUSED]
    return suspects + [await _probe(connection, table, probe, rows, refused, few=few) for probe in others], refused


def _refused(table: TablePlan, column: ColumnPlan, answer: Refused) -> Suspect:
    """Return the suspicion of rows on which a column's transform was tried and failed."""
    kind = column.target.type.display
    named = answer.named and bool(answer.keys)
    message = f"value is no {kind}, or its transform fails on it"
    if not answer.keys:
        message = f"{message}; the role may run no procedures of {table.database}, so the rows aren't counted"
    examples = tuple(sorted(answer.keys)[:EXAMPLES]) if named else ()
    keys = sql.SQL("SELECT k FROM pg_catalog.unnest({}::text[]) AS keys (k) ORDER BY 1")
    finding = Finding("unconvertible", "block", place(table, [column]), answer.count, message, examples)
    return Suspect(finding, keys.format(sql.Literal(list(answer.keys))) if named else None, column.target.name)


async def _scan(
    connection: Connection,
    table: TablePlan,
    conditions: Sequence[sql.Composable],
    converted: Iterable[sql.Composable],
    rows: sql.Composable,
) -> tuple[int, ...] | None:
    """Count the conditions and convert the values; ``None`` where the server refused one."""
    parts = _counting(conditions, converted)
    answers: list[int] = []
    for start in range(0, len(parts), AT_ONCE):
        values = sql.SQL(", ").join(parts[start : start + AT_ONCE])
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(values, table.from_clause, rows)
        try:
            async with within(connection):
                answers += (await run(connection, query))[0]
        except psycopg.Error as error:
            if not sqlstates.may_be_of_computing(error.sqlstate or ""):
                raise
            return None
    return tuple(answers[: len(conditions)])


async def _probe(
    connection: Connection,
    table: TablePlan,
    probe: _Probe,
    rows: sql.Composable,
    refused: Mapping[str, Refused],
    *,
    few: bool,
) -> Suspect:
    condition = probe.condition
    if probe.code not in REFUSED:
        condition = guard(table, probe.column, refused, condition)
    counting = sql.SQL("SELECT pg_catalog.count(*) FROM {} WHERE {}")
    where = sql.SQL("{} AND {}").format(rows, condition)
    try:
        async with within(connection):
            count = (await run(connection, counting.format(table.from_clause, where)))[0][0]
    except psycopg.Error as error:
        if not sqlstates.may_be_of_computing(error.sqlstate or ""):
            raise
        # What can't be read back at all is what it was before no more than what reads back otherwise.
        unread = (await refused_rows(connection, table, [condition], rows, MOST_KEYS, few=few))[0].among(table)
        both = sql.SQL("({unread} OR CASE WHEN NOT ({unread}) THEN {condition} END)")
        where = sql.SQL("{} AND {}").format(rows, both.format(unread=unread, condition=condition))
        count = (await run(connection, counting.format(table.from_clause, where)))[0][0]
    keys = None
    if table.source_key is not None:
        keys = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY 1").format(table.source_key, table.from_clause, where)
    examples = await examples_of(connection, keys) if count else ()
    finding = Finding(probe.code, probe.severity, place(table, [probe.column]), count, probe.message, examples)
    return Suspect(finding, keys, probe.column.target.name)


async def examples_of(connection: Connection, keys: sql.Composable | None) -> tuple[str, ...]:
    """Return some of the keys that a query yields; none where rows can't be named."""
    if keys is None:
        return ()
    some = sql.SQL("SELECT * FROM ({}) AS keys LIMIT {}").format(keys, sql.Literal(EXAMPLES))
    return tuple(str(key) for (key,) in await run(connection, some))


def unique_uuids(table: TablePlan) -> Iterator[list[ColumnPlan]]:
    """Yield the columns of uniques that the source has too, but over text ids that become uuid."""
    named = {column.target.name: column for column in table.columns}
    for index in table.target.indexes:
        columns = [named[name] for name in index.columns if name in named]
        origins = [column.sources[0] for column in columns if len(column.sources) == 1]
        converted = any(column.conversion.rule == "text to uuid" for column in columns)
        if index.unique and index.plain and converted and table.source.unique_over(origins):
            yield columns


def _uuid_keys(table: TablePlan) -> list[ColumnPlan]:
    keys = {column.target.name for columns in unique_uuids(table) for column in columns}
    return [c for c in table.columns if c.target.name in keys and c.conversion.rule == "text to uuid"]


def _is_odd(column: ColumnPlan) -> sql.Composable:
    """Return a condition true of ids that aren't written as uuid writes them."""
    source = sql.Identifier(ROW, column.sources[0])
    return sql.SQL("{}::text <> {}").format(column.conversion.value, source)


def place(table: TablePlan, columns: Iterable[ColumnPlan]) -> str:
    """Return what a finding calls these columns: ``database.schema.table.column``."""
    names = dict.fromkeys(name for column in columns for name in column.sources)
    return f"{table.source_name}.{'+'.join(names)}" if names else table.source_name
