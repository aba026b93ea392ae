"""Enforced references across databases: which children have no parent, before any of them moves.

No source may be written to, and no table is pulled into Python. The distinct values of each end are
piped into temporary tables of one target session, which vanish with it, and are joined there.
"""

from collections.abc import Iterable
from typing import Any

from psycopg import sql

from payrollx_db.catalog import Reference
from payrollx_db.consolidate.check import EXAMPLES, Finding
from payrollx_db.consolidate.connect import Endpoint, pipe_end, text_of
from payrollx_db.consolidate.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.pipe import pipe
from payrollx_db.consolidate.plan import Plan

End = tuple[TablePlan, ColumnPlan]


async def orphans(plan: Plan, sources: dict[str, Endpoint], target: Endpoint) -> list[Finding]:
    """Find rows whose enforced reference would find no parent in the target.

    A reference is skipped where the source itself enforces it, and where one end's service is
    neither in the plan nor in the target yet: that one waits. Raises SourceError or TargetError.
    """
    wanted = [reference for reference in plan.catalog.references if reference.enforced]
    pairs = [(r, child, _parents(plan, r)) for r in wanted if (child := _end(plan, r.table, r.column))]
    open_pairs = [(r, child, parent) for r, child, parent in pairs if not _guaranteed(plan, child, parent)]
    if not open_pairs:
        return []
    found: list[Finding] = []
    async with pipe_end(target) as scratch:
        loaded: dict[tuple[str, str], str] = {}
        for number, (reference, child, parent) in enumerate(open_pairs):
            place = (reference.target_table, reference.target_column)
            if place not in loaded:
                if parent is None and not await _has_rows(scratch, reference.target_table):
                    continue  # waits for its parents' service
                loaded[place] = f"parents_{number}"
                await _load_parents(scratch, loaded[place], reference, parent, sources, target)
            finding = await _count(scratch, f"children_{number}", loaded[place], child, sources, target, reference)
            found += [finding] if finding else []
    return found


def _end(plan: Plan, table: str, column: str) -> End | None:
    for planned in plan.copies:
        if planned.target_name == table:
            return next(((planned, c) for c in planned.columns if c.target.name == column), None)
    return None


def _parents(plan: Plan, reference: Reference) -> End | None:
    return _end(plan, reference.target_table, reference.target_column)


def _guaranteed(plan: Plan, child: End, parent: End | None) -> bool:
    """Whether a validated foreign key of the source already says it, to the very table that will be the parent."""
    if parent is None or child[0].database != parent[0].database:
        return False
    wanted = (child[0].source.full_name, child[1].sources, parent[0].source.full_name, parent[1].sources)
    keys = plan.sources[child[0].database].foreign_keys
    return any((k.table, k.columns, k.target, k.target_columns) == wanted for k in keys if k.validated)


async def _has_rows(scratch: Any, table: str) -> bool:
    schema, _, name = table.partition(".")
    query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(schema, name))
    return bool(await scratch.fetchval(text_of(query)))


async def _load_parents(
    scratch: Any, name: str, reference: Reference, parent: End | None, sources: dict[str, Endpoint], target: Endpoint
) -> None:
    schema, _, table = reference.target_table.partition(".")
    ours = sql.Identifier(schema, table)
    column = sql.Identifier(reference.target_column)
    with target.blamed("can't prepare the check of references"):
        await scratch.execute(
            text_of(
                sql.SQL("CREATE TEMP TABLE {} AS SELECT {} AS key FROM {}").format(sql.Identifier(name), column, ours)
            )
        )
    if parent is not None:
        await _pipe_end(scratch, name, ["key"], parent, _values(parent, "SELECT {v} FROM {f}{w}"), sources, target)
    with target.blamed("can't prepare the check of references"):
        await scratch.execute(text_of(sql.SQL("CREATE INDEX ON pg_temp.{} (key)").format(sql.Identifier(name))))
        await scratch.execute(text_of(sql.SQL("ANALYZE pg_temp.{}").format(sql.Identifier(name))))


async def _count(
    scratch: Any,
    name: str,
    parents: str,
    child: End,
    sources: dict[str, Endpoint],
    target: Endpoint,
    reference: Reference,
) -> Finding | None:
    like = sql.SQL("CREATE TEMP TABLE {} AS SELECT p.key, 0::bigint AS rows FROM pg_temp.{} AS p LIMIT 0")
    with target.blamed("can't prepare the check of references"):
        await scratch.execute(text_of(like.format(sql.Identifier(name), sql.Identifier(parents))))
    values = _values(child, "SELECT {v}, pg_catalog.count(*) FROM {f}{w} GROUP BY 1")
    await _pipe_end(scratch, name, ["key", "rows"], child, values, sources, target)
    query = sql.SQL(
        "SELECT coalesce(pg_catalog.sum(c.rows), 0)::bigint, (pg_catalog.array_agg(c.key::text ORDER BY c.key))[1:{n}]"
        " FROM pg_temp.{children} AS c WHERE NOT EXISTS (SELECT FROM pg_temp.{parents} AS p WHERE p.key = c.key)"
    ).format(n=sql.Literal(EXAMPLES), children=sql.Identifier(name), parents=sql.Identifier(parents))
    with target.blamed("can't check the references"):
        count, examples = await scratch.fetchrow(text_of(query))
    if not count:
        return None
    place = f"{child[0].source_name}.{'+'.join(child[1].sources)}"
    message = f"rows point at no row of {reference.target_table}"
    return Finding("orphan", "block", place, count, message, tuple(examples or ()))


def _values(end: End, template: str) -> sql.Composable:
    table, column = end
    made = column.conversion
    value = made.value
    if made.valid is not None:  # what can't be converted is a finding of its own
        value = sql.SQL("CASE WHEN {} THEN {} END").format(made.valid, value)
    where = sql.SQL(" WHERE ({}) IS NOT NULL").format(value)
    return sql.SQL(template).format(v=value, f=table.from_clause, w=where)


async def _pipe_end(
    scratch: Any,
    name: str,
    columns: Iterable[str],
    end: End,
    query: sql.Composable,
    sources: dict[str, Endpoint],
    target: Endpoint,
) -> None:
    source = sources[end[0].database]
    async with pipe_end(source) as reader:
        await pipe(reader, text_of(query), scratch, ("pg_temp", name), list(columns), source=source, target=target)
