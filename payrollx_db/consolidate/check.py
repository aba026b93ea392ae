"""What would fail or lie later, found before a byte moves: values, duplicates, orphans, drift."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql

from payrollx_db.consolidate.compare import Side, compare
from payrollx_db.consolidate.connect import Connection, Endpoint, run, session
from payrollx_db.consolidate.mapping import ColumnPlan, TablePlan, new_uniques
from payrollx_db.consolidate.plan import Plan
from payrollx_db.consolidate.tasks import limited
from payrollx_db.errors import FindingsError

EXAMPLES = 10

Severity = Literal["block", "warn", "info"]


@dataclass(frozen=True)
class Finding:
    """Something about the data: a stable code, how grave it is, where, how many rows, some of their keys."""

    code: str
    severity: Severity
    place: str
    count: int
    message: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = f" (e.g. {', '.join(self.examples[:3])})" if self.examples else ""
        return f"{self.code} {self.place}: {self.count:,} {self.message}{shown}"


async def check(plan: Plan, sources: dict[str, Endpoint], *, jobs: int) -> list[Finding]:
    """Look for everything in the sources that the copy could not carry over as it is.

    References are looked at by `references.orphans`, since they need both sides. Raises SourceError.
    """
    legacies = [db for db in plan.layout.databases if db.name in plan.sources and plan.layout.migrations == "prisma"]
    work = [_prisma(sources[legacy.name], legacy.schema) for legacy in legacies]
    work += [_values(table, sources[table.database]) for table in plan.copies]
    work += [_duplicates(table, sources[table.database]) for table in plan.copies]
    work += [_drift(table, plan, sources) for table in plan.merges]
    found = [finding for findings in await limited(work, jobs) for finding in findings]
    return sorted(found, key=lambda finding: (finding.place, finding.code))


def refuse(findings: Iterable[Finding]) -> None:
    """Raise FindingsError where a finding blocks, naming each."""
    blocking = [finding for finding in findings if finding.severity == "block"]
    if blocking:
        rows = sum(finding.count for finding in blocking)
        raise FindingsError(
            f"{len(blocking)} findings in {rows:,} rows block the copy; the target is as it was",
            details=tuple(map(str, blocking)),
            hint="mend these rows in the legacy databases, then copy again",
        )


async def _prisma(endpoint: Endpoint, schema: str) -> list[Finding]:
    """Find migrations that failed or never finished: the schema may be half of two."""
    table = sql.Identifier(schema, "_prisma_migrations")
    async with session(endpoint) as connection:
        with endpoint.blamed("can't read its migrations"):
            there = sql.SQL("SELECT pg_catalog.to_regclass(%s)")
            if (await run(connection, there, (table.as_string(None),)))[0][0] is None:
                return []
            query = sql.SQL(
                "SELECT migration_name FROM {} WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at"
            ).format(table)
            names = [row[0] for row in await run(connection, query)]
    place = f"{endpoint.name}.{schema}._prisma_migrations"
    message = "migrations failed or never finished; resolve them with prisma migrate resolve"
    return [Finding("prisma-unfinished", "block", place, len(names), message, tuple(names[:EXAMPLES]))] if names else []


async def _values(table: TablePlan, endpoint: Endpoint) -> list[Finding]:
    """Find values that a transform would refuse or change, and NULLs where the target takes none.

    First one scan that simply converts everything: where nothing is wrong, that is all. Only where
    the server refuses a value, or counts one, are columns looked at one by one.
    """
    probes = list(_probes(table))
    converted = [sql.SQL("pg_catalog.count({})").format(column.conversion.value) for column in table.columns]
    counted = [sql.SQL("pg_catalog.count(*) FILTER (WHERE {})").format(probe.quick) for probe in probes]
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(counted + converted), table.from_clause)
    async with session(endpoint) as connection:
        with endpoint.blamed(f"can't read {table.source.full_name}"):
            row = await _try(connection, query)
            if row is not None and not any(row[: len(probes)]):
                return []
            found = [await _probe(connection, table, probe) for probe in probes]
    return [finding for finding in found if finding.count]


@dataclass(frozen=True)
class _Probe:
    """One thing that may be wrong with a column. ``quick`` may raise on a bad value; ``safe`` never does."""

    code: str
    column: ColumnPlan
    quick: sql.Composable
    safe: sql.Composable
    message: str


def _probes(table: TablePlan) -> Iterator[_Probe]:
    for column in table.columns:
        made, kind = column.conversion, column.target.type.display
        valid = made.valid or sql.SQL("true")
        if made.valid is not None:
            bad = sql.SQL("NOT ({})").format(made.valid)
            quick = sql.SQL("false") if made.raises else bad
            yield _Probe("unconvertible", column, quick, bad, f"values that are no {kind}")
        if made.lossy is not None:
            safe = sql.SQL("CASE WHEN {} THEN {} END").format(valid, made.lossy)
            yield _Probe("lossy", column, made.lossy, safe, f"values that {kind} would round or cut")
        source = table.source.column(column.sources[0]) if len(column.sources) == 1 else None
        if not column.target.nullable and (source is None or source.nullable):
            safe = sql.SQL("CASE WHEN {} THEN {} IS NULL END").format(valid, made.value)
            null = sql.SQL("{} IS NULL").format(made.value)
            yield _Probe("null", column, null, safe, "rows without a value, which the target demands")


async def _try(connection: Connection, query: sql.Composable) -> tuple[Any, ...] | None:
    """Return the query's row, or ``None`` where a value made the server refuse it."""
    try:
        return (await run(connection, query))[0]
    except psycopg.DataError:
        return None


async def _probe(connection: Connection, table: TablePlan, probe: _Probe) -> Finding:
    query = sql.SQL("SELECT pg_catalog.count(*) FROM {} WHERE {}").format(table.from_clause, probe.safe)
    count = (await run(connection, query))[0][0]
    examples: tuple[str, ...] = ()
    if count:
        key = sql.SQL(" || ', ' || ").join(_source_key(table))
        named = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY 1 LIMIT {}").format(
            key, table.from_clause, probe.safe, sql.Literal(EXAMPLES)
        )
        examples = tuple(str(key) for (key,) in await run(connection, named))
    return Finding(probe.code, "block", _place(table, [probe.column]), count, probe.message, examples)


async def _duplicates(table: TablePlan, endpoint: Endpoint) -> list[Finding]:
    """Find rows beyond the first for values that only the target demands to be unique."""
    found: list[Finding] = []
    async with session(endpoint) as connection:
        with endpoint.blamed(f"can't look for duplicates in {table.source.full_name}"):
            for index, columns in new_uniques(table):
                rows = await _groups(connection, table, columns)
                if rows:
                    names = ", ".join(column.target.name for column in columns)
                    message = f"rows too many for the unique {index.name} ({names})"
                    total = sum(number for _, number in rows)
                    examples = tuple(str(value) for value, _ in rows[:EXAMPLES])
                    found.append(Finding("duplicate", "block", _place(table, columns), total, message, examples))
            found += await _collisions(connection, table)
    return found


async def _collisions(connection: Connection, table: TablePlan) -> list[Finding]:
    """Find keys that are two in the source and become one: text ids that differ in case or hyphens only."""
    found: list[Finding] = []
    for index in table.target.indexes:
        named = {column.target.name: column for column in table.columns}
        columns = [named[name] for name in index.columns if name in named]
        if not (index.unique and index.plain) or not any(c.conversion.rule == "text to uuid" for c in columns):
            continue
        origins = [column.sources[0] for column in columns]
        if not table.source.unique_over(origins):
            continue  # a new unique: looked at as such
        odd = sql.SQL(" OR ").join(_is_odd(column) for column in columns if column.conversion.rule == "text to uuid")
        if rows := await _groups(connection, table, columns, only_if=odd):
            total = sum(number for _, number in rows)
            examples = tuple(str(value) for value, _ in rows[:EXAMPLES])
            place = _place(table, columns)
            found.append(
                Finding("case-collision", "block", place, total, "keys that become one with another", examples)
            )
    return found


def _is_odd(column: ColumnPlan) -> sql.Composable:
    """Return a condition true of ids that aren't written as uuid writes them."""
    source = sql.Identifier("s", column.sources[0])
    lower = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
    return sql.SQL('({} COLLATE "C") !~ {}').format(source, sql.Literal(lower))


async def _groups(
    connection: Connection, table: TablePlan, columns: Iterable[ColumnPlan], only_if: sql.Composable | None = None
) -> list[tuple[Any, int]]:
    """Return values that several rows share, each with how many rows are too many."""
    chosen = list(columns)
    if only_if is not None:
        probe = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {})").format(table.from_clause, only_if)
        if not (await run(connection, probe))[0][0]:
            return []
    values = sql.SQL(", ").join(
        sql.SQL("CASE WHEN {} THEN {} END AS {}").format(
            c.conversion.valid or sql.SQL("true"), c.conversion.value, sql.Identifier(c.target.name)
        )
        for c in chosen
    )
    names = [sql.Identifier(c.target.name) for c in chosen]
    query = sql.SQL(
        "SELECT pg_catalog.concat_ws(', ', {names}), pg_catalog.count(*) - 1 FROM (SELECT {values} FROM {source}) AS v"
        " WHERE ROW({names}) IS NOT NULL GROUP BY {names} HAVING pg_catalog.count(*) > 1 ORDER BY 1"
    ).format(values=values, source=table.from_clause, names=sql.SQL(", ").join(names))
    return [(value, number) for value, number in await run(connection, query)]


async def _drift(table: TablePlan, plan: Plan, sources: dict[str, Endpoint]) -> list[Finding]:
    """Compare a duplicate table with its owner's, both through the owner's transforms."""
    owner = next((t for t in plan.copies if t.target_name == table.target_name and t.database == table.owner), None)
    if owner is None:
        return []  # the owner's table is missing, which is a mismatch of the plan
    named = {column.target.name: column for column in owner.columns}
    shared = [column for column in table.columns if column.target.name in named]
    mine = side_of(table, sources[table.database], shared)
    theirs = side_of(owner, sources[owner.database], [named[column.target.name] for column in shared])
    result = await compare(mine, theirs, rows=table.source.rows, limit=10_000, contained=True)
    found = []
    for kind, code, count, message in (
        ("changed", "drift", result.changed, f"rows that {table.owner} holds with other values"),
        ("missing", "stranded", result.missing, f"rows that {table.owner} doesn't have"),
    ):
        if count:
            keys = [", ".join(str(part) for part in d.key.values()) for d in result.differences if d.kind == kind]
            found.append(Finding(code, "block", table.source_name, count, message, tuple(keys[:EXAMPLES])))
    return found


def side_of(table: TablePlan, endpoint: Endpoint, columns: Iterable[ColumnPlan] | None = None) -> Side:
    """Return the source's side of a comparison: its rows through their transforms."""
    chosen = table.columns if columns is None else tuple(columns)
    return Side(
        endpoint,
        table.from_clause,
        tuple((c.target.name, c.source_canonical) for c in table.key),
        tuple((c.target.name, c.source_canonical) for c in chosen),
    )


def target_side(table: TablePlan, endpoint: Endpoint) -> Side:
    """Return the target's side of a comparison: its rows as they are."""
    return Side(
        endpoint,
        table.target_from,
        tuple((c.target.name, c.target_canonical) for c in table.key),
        tuple((c.target.name, c.target_canonical) for c in table.columns),
    )


def _place(table: TablePlan, columns: Iterable[ColumnPlan]) -> str:
    names = dict.fromkeys(name for column in columns for name in column.sources)
    return f"{table.source_name}.{'+'.join(names)}" if names else table.source_name


def _source_key(table: TablePlan) -> list[sql.Composable]:
    names = table.source.primary_key or tuple(column.name for column in table.source.columns[:1])
    return [sql.SQL("{}::text").format(sql.Identifier("s", name)) for name in names]
