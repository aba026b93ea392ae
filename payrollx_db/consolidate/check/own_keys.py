"""The sources' own foreign keys: which of them hold, so that their rows need not be compared once more.

A key that its server calls valid says nothing of rows that came in while its triggers were off: under
``session_replication_role = replica``, by a restore with ``--disable-triggers``, by a replication. So each is asked
once, on its own server, which is one join of two tables there; what doesn't hold is looked into as if there was no key.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from psycopg import sql

from payrollx_db.consolidate.check.references import ReferenceEnd, end_of
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.postgres import query_files
from payrollx_db.postgres.concurrency import DATABASES_AT_ONCE, limited
from payrollx_db.postgres.introspect import ForeignKey
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

OwnKey = tuple[str, ForeignKey]  # the database and its key

SMALL = 1024 * 1024  # bytes of a child's table up to which its keys are asked with others in one query
# What one query locks at most: both tables of each key, with all their indexes. A server has 6,400 locks unless it was
# given more.
MOST_LOCKS = 400
# Types of which equal values are written alike. Of others, 1.0 = 1.00, or 'a' = 'A'.
EXACT = frozenset({
    "bool", "date", "int2", "int4", "int8", "name", "oid", "text", "timestamp", "timestamptz", "uuid", "varchar",
})  # fmt: skip


async def holding_keys(context: Context, plan: Plan) -> frozenset[OwnKey]:
    """Return those keys of the sources that say what a reference of the target says, and that all rows keep.

    Raises SourceError.
    """
    candidates: dict[OwnKey, int] = {}
    for table in plan.copies:
        for reference in plan.enforced_by_table.get(table.target_name, ()):
            owners = plan.parents_of(table, reference)
            child = end_of(table, reference.columns)
            parent = end_of(owners[0], reference.target_columns) if len(owners) == 1 else None
            if child and (key := own_key(plan, child, parent)):
                candidates[key] = table.source.size
    groups = [_held(context, plan, database, keys) for database, keys in _groups(plan, candidates)]
    return frozenset(key for keys in await limited(groups, max(context.jobs, DATABASES_AT_ONCE)) for key in keys)


def own_key(plan: Plan, child: ReferenceEnd, parent: ReferenceEnd | None) -> OwnKey | None:
    """Return the source's validated foreign key from this child to the very table that will be the parent, if any.

    None that is kept by what only the source calls equal: the target could tell such values from each other.
    """
    if parent is None or child.table.database != parent.table.database:
        return None
    child, parent = _varying(child, parent)
    if not all(_stays_equal(end.table, column) for end in (child, parent) for column in end.columns):
        return None
    here, there = _sources(child), _sources(parent)
    pairs = set(zip(here, there, strict=True)) if len(here) == len(there) else set()
    for key in plan.sources[child.table.database].keys_of(child.table.source.full_name):
        # Of periods a server may say so without having looked (see `KeyBuilder`).
        counts = key.target == parent.table.source.full_name and key.validated and not key.period
        if counts and pairs == set(zip(key.columns, key.target_columns, strict=True)):
            return child.table.database, key
    return None


def _varying(child: ReferenceEnd, parent: ReferenceEnd) -> tuple[ReferenceEnd, ReferenceEnd]:
    """Return both ends without the pairs of columns of which one constant fills both."""
    mine, theirs = dict(child.table.scope), dict(parent.table.scope)
    kept = [
        (here, there)
        for here, there in zip(child.columns, parent.columns, strict=True)
        if here.target.name not in mine or mine[here.target.name] != theirs.get(there.target.name)
    ]
    own, other = [here for here, _ in kept], [there for _, there in kept]
    return replace(child, columns=tuple(own)), replace(parent, columns=tuple(other))


def _stays_equal(table: TablePlan, column: ColumnPlan) -> bool:
    """Whether two values that the source calls equal are equal in the target, whatever the other end's type is."""
    origin = table.source.column(column.sources[0]) if len(column.sources) == 1 else None
    if origin is None or column.conversion.rule == "derived" or column.conversion.lossy is not None:
        return False
    here, there = origin.type, column.target.type
    exact = here.kind == "e" or (here.schema == "pg_catalog" and here.name in EXACT)
    return exact or (here.name, here.schema) == (there.name, there.schema)


def _sources(end: ReferenceEnd) -> list[str]:
    return [name for column in end.columns for name in column.sources]


def _groups(plan: Plan, candidates: dict[OwnKey, int]) -> list[tuple[str, list[ForeignKey]]]:
    """Return by database the keys to ask in one query: those of large tables alone, the largest first."""
    large = sorted((own for own, size in candidates.items() if size > SMALL), key=lambda own: -candidates[own])
    groups = [(database, [key]) for database, key in large]
    small: dict[str, list[ForeignKey]] = defaultdict(list)
    for (database, key), size in candidates.items():
        if size <= SMALL:
            small[database].append(key)
    for database, keys in small.items():
        tables, locks = plan.sources[database].tables, MOST_LOCKS
        for key in keys:
            more = sum(1 + len(tables[name].indexes) for name in {key.table, key.target})
            if locks + more > MOST_LOCKS:
                groups.append((database, []))
                locks = 0
            locks += more
            groups[-1][1].append(key)
    return groups


async def _held(context: Context, plan: Plan, database: str, keys: Sequence[ForeignKey]) -> list[OwnKey]:
    """Return those of ``keys`` that no row breaks. All rows are counted, also those that stay behind."""
    endpoint, tables = context.sources[database], plan.sources[database].tables
    by_name = {(tables[key.table].oid, key.name): key for key in keys}
    asked = ([oid for oid, _ in by_name], [name for _, name in by_name])
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't check its foreign keys"):
            rows = await run(connection, sql.SQL(queries.load("own_key_conditions")), asked)
            if not rows:
                return []
            # Counted, not asked whether there is one: for a first row alone, the server would look up each parent.
            counts = [sql.SQL("(SELECT pg_catalog.count(*) FROM {})").format(sql.SQL(strays)) for _, _, strays in rows]
            answer = (await run(connection, sql.SQL("SELECT {}").format(sql.SQL(", ").join(counts))))[0]
    return [(database, by_name[oid, name]) for (oid, name, _), count in zip(rows, answer, strict=True) if not count]
