"""Enforced references across databases: which children have no parent, before any of them moves.

No source may be written to, and no table is pulled into Python. The distinct values of each end are
piped into temporary tables of one target session, which vanish with it, and are joined there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.catalog import Reference
from payrollx_db.consolidate.connect import Endpoint, pipe_end, text_of
from payrollx_db.consolidate.findings import EXAMPLES, Finding
from payrollx_db.consolidate.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.pipe import pipe
from payrollx_db.consolidate.plan import Plan
from payrollx_db.consolidate.values import Values, place

Known = Mapping[tuple[str, str], Values]


@dataclass(frozen=True)
class _End:
    """One end of a reference: the planned table and column that will be there."""

    table: TablePlan
    column: ColumnPlan


@dataclass(frozen=True)
class _Scratch:
    """The target session whose temporary tables hold the values."""

    session: Any
    known: Known
    sources: dict[str, Endpoint]
    target: Endpoint

    async def run(self, text: str, **names: sql.Composable) -> None:
        with self.target.blamed("can't prepare the check of references"):
            await self.session.execute(text_of(sql.SQL(text).format(**names)))

    async def fill(self, name: str, columns: list[str], end: _End, text: str) -> None:
        """Pipe ``text``, over the end's ``{value}`` and ``{source}``, into the temporary table ``name``."""
        value = self.known[end.table.place].guarded(end.column)
        query = sql.SQL(text).format(value=value, source=end.table.from_clause)
        source = self.sources[end.table.database]
        goal = ("pg_temp", name)
        async with pipe_end(source) as reader:
            await pipe(reader, text_of(query), self.session, goal, columns, source=source, target=self.target)


async def orphans(plan: Plan, known: Known, sources: dict[str, Endpoint], target: Endpoint) -> list[Finding]:
    """Find rows whose enforced reference would find no parent in the target.

    ``known`` says which values can't be converted; those are no orphans. A reference is skipped where
    the source itself enforces it, and where its parents are neither in the plan nor in the target
    yet: that one waits. Raises SourceError or TargetError.
    """
    found: list[Finding] = []
    parents: dict[tuple[str, str], str] = {}
    async with pipe_end(target, fresh=True) as session:
        scratch = _Scratch(session, known, sources, target)
        for number, reference in enumerate(plan.catalog.references):
            child = _end(plan, reference.table, reference.column)
            parent = _end(plan, reference.target_table, reference.target_column)
            if not reference.enforced or child is None or _guaranteed(plan, child, parent):
                continue
            key = (reference.target_table, reference.target_column)
            if key not in parents:
                if parent is None and not await _has_rows(session, reference.target_table):
                    continue
                parents[key] = f"parents_{number}"
                await _load_parents(scratch, parents[key], reference, parent)
            finding = await _count(scratch, f"children_{number}", parents[key], child, reference)
            found += [finding] if finding.count else []
    return found


def _end(plan: Plan, table: str, column: str) -> _End | None:
    for planned in plan.copies:
        if planned.target_name == table:
            return next((_End(planned, c) for c in planned.columns if c.target.name == column), None)
    return None


def _guaranteed(plan: Plan, child: _End, parent: _End | None) -> bool:
    """Whether a validated foreign key of the source already says it, to the very table that will be the parent."""
    if parent is None or child.table.database != parent.table.database:
        return False
    ends = (child.table.source.full_name, child.column.sources, parent.table.source.full_name, parent.column.sources)
    keys = plan.sources[child.table.database].foreign_keys
    return any((k.table, k.columns, k.target, k.target_columns) == ends for k in keys if k.validated)


async def _has_rows(session: Any, table: str) -> bool:
    schema, _, name = table.partition(".")
    query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(schema, name))
    return bool(await session.fetchval(text_of(query)))


async def _load_parents(scratch: _Scratch, name: str, reference: Reference, parent: _End | None) -> None:
    """Collect the parents' keys: those that the target has already, and those that will come."""
    schema, _, table = reference.target_table.partition(".")
    made = sql.Identifier(name)
    await scratch.run(
        "CREATE TEMP TABLE {made} AS SELECT {key} AS key FROM {table}",
        made=made,
        key=sql.Identifier(reference.target_column),
        table=sql.Identifier(schema, table),
    )
    if parent is not None:
        await scratch.fill(name, ["key"], parent, "SELECT {value} FROM {source} WHERE {value} IS NOT NULL")
    await scratch.run("CREATE INDEX ON pg_temp.{made} (key)", made=made)
    await scratch.run("ANALYZE pg_temp.{made}", made=made)


async def _count(scratch: _Scratch, name: str, parents: str, child: _End, reference: Reference) -> Finding:
    names = {"children": sql.Identifier(name), "parents": sql.Identifier(parents)}
    await scratch.run(
        "CREATE TEMP TABLE {children} AS SELECT key, 0::bigint AS rows FROM pg_temp.{parents} LIMIT 0", **names
    )
    await scratch.fill(
        name, ["key", "rows"], child,
        "SELECT {value}, pg_catalog.count(*) FROM {source} WHERE {value} IS NOT NULL GROUP BY 1",
    )  # fmt: skip
    query = sql.SQL(
        "SELECT coalesce(pg_catalog.sum(c.rows), 0)::bigint, (pg_catalog.array_agg(c.key::text ORDER BY c.key))[1:{n}]"
        " FROM pg_temp.{children} AS c WHERE NOT EXISTS (SELECT FROM pg_temp.{parents} AS p WHERE p.key = c.key)"
    ).format(n=sql.Literal(EXAMPLES), **names)
    with scratch.target.blamed("can't check the references"):
        count, examples = await scratch.session.fetchrow(text_of(query))
    message = f"no such row in {reference.target_table}"
    where = place(child.table, [child.column])
    return Finding("orphan", "block", where, count, message, tuple(examples or ()))
