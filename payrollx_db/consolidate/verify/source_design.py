"""The structure of a target that another tool has filled: what each source table has needs its counterpart there.

Types may be others and names as well, so definitions can't be compared as text. A counterpart is over what the source's
columns become: as unique, with the same access method, over all rows or only some, as in the source.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import ForeignKey, Index
from payrollx_db.postgres.session import Endpoint, render_sql, run
from payrollx_db.postgres.session_pool import SessionPool

queries = query_files.beside(__name__)

MISSING = "structure-gone"
METHOD = re.compile(r" USING (\w+) ")
HINT = "if the target is to do without it, that is yours to decide: --no-structure leaves the structure out"


@dataclass(frozen=True)
class Check:
    """A CHECK constraint: its name, its definition and the columns that it speaks of."""

    name: str
    definition: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """What comparing with the sources showed, of how many objects of theirs."""

    findings: tuple[Finding, ...]
    objects: int


async def compare_with_sources(context: Context, plan: Plan, tables: Sequence[TablePlan]) -> Compared:
    """Say which keys, indexes, foreign keys and CHECKs of the source tables have no counterpart in the target.

    What the target has beside them is nobody's matter. Raises SourceError or TargetError.
    """
    copied = [table for table in tables if table.owner is None]
    ours = await _checks(context.sessions, context.target, [(t.target.schema, t.target.name) for t in copied])
    theirs: dict[str, Mapping[str, list[Check]]] = {}
    for database in dict.fromkeys(table.database for table in copied):
        places = [(t.source.schema, t.source.name) for t in copied if t.database == database]
        theirs[database] = await _checks(context.sessions, context.sources[database], places)
    findings: list[Finding] = []
    objects = 0
    for table in copied:
        source = plan.sources[table.database]
        keys = [key for key in source.foreign_keys if key.table == table.source.full_name]
        checks = theirs[table.database].get(table.source.full_name, [])
        objects += len(table.source.indexes) + len(keys) + len(checks)
        findings += _indexes(table)
        findings += _foreign_keys(plan, table, keys)
        findings += _missing_checks(table, checks, ours.get(table.target_name, []))
    return Compared(tuple(findings), objects)


def _indexes(table: TablePlan) -> Iterator[Finding]:
    columns = _columns(table)
    spare = [index for index in table.target.indexes if index.valid]
    for index in sorted(table.source.indexes, key=lambda index: index.plain):  # those that few can stand for, first
        mapped = [columns[name] for name in index.columns if name in columns]
        if not index.valid or len(mapped) != len(index.columns):
            continue
        counterpart = next((other for other in spare if _stands_for(other, index, mapped)), None)
        if counterpart is None:
            yield _missing(table, _kind(index), index.name, index.constraint_definition or index.definition,
                           _build(table, index, mapped))  # fmt: skip
        elif not index.plain:
            spare.remove(counterpart)


def _stands_for(other: Index, index: Index, columns: Sequence[str]) -> bool:
    """Tell whether ``other``, of the target, does over these columns what ``index`` of the source does."""
    if index.primary and not other.primary:
        return False
    if (index.unique and not other.unique) or index.constraint_type == "x" != other.constraint_type:
        return False
    if other.plain != index.plain or _method(other) != _method(index):
        return False
    if index.unique or not index.plain:
        same = sorted(other.columns) == sorted(columns)
        return same and (index.plain or (" WHERE " in other.definition) == (" WHERE " in index.definition))
    return list(other.columns[: len(columns)]) == list(columns)


def _kind(index: Index) -> str:
    kinds = {"p": "primary key", "u": "unique constraint", "x": "exclusion constraint"}
    return kinds.get(index.constraint_type, "unique index" if index.unique else "index")


def _method(index: Index) -> str:
    method = METHOD.search(index.definition)
    return method[1] if method else ""


def _build(table: TablePlan, index: Index, columns: Sequence[str]) -> str:
    """Return the statement that makes the counterpart; none where it needs expressions of the target's own."""
    if not index.plain or index.constraint_type == "x":
        return ""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    place = table.target.identifier
    if index.primary or index.constraint_type == "u":
        word = sql.SQL("PRIMARY KEY" if index.primary else "UNIQUE")
        return render_sql(sql.SQL("ALTER TABLE {} ADD {} ({});").format(place, word, listed))
    return render_sql(
        sql.SQL("CREATE {}INDEX ON {} USING {} ({});").format(
            sql.SQL("UNIQUE " if index.unique else ""), place, sql.Identifier(_method(index)), listed
        )
    )


def _foreign_keys(plan: Plan, table: TablePlan, keys: Iterable[ForeignKey]) -> Iterator[Finding]:
    columns = _columns(table)
    standing = [key for key in plan.target.foreign_keys if key.table == table.target_name]
    for key in keys:
        parents = [t for t in plan.copies if (t.database, t.source.full_name) == (table.database, key.target)]
        for parent in parents:
            theirs = _columns(parent)
            pairs = {(columns.get(a), theirs.get(b)) for a, b in zip(key.columns, key.target_columns, strict=True)}
            if any(None in pair for pair in pairs) or _is_loose(plan, table, parent, pairs):
                continue
            if not any(_is_same_key(other, key, parent, pairs) for other in standing):
                yield _missing(table, "foreign key", key.name, key.definition, "")


def _is_same_key(
    other: ForeignKey, key: ForeignKey, parent: TablePlan, pairs: set[tuple[str | None, str | None]]
) -> bool:
    same = set(zip(other.columns, other.target_columns, strict=True)) == pairs
    return same and other.target == parent.target_name and (other.validated or not key.validated)


def _is_loose(plan: Plan, table: TablePlan, parent: TablePlan, pairs: set[tuple[str | None, str | None]]) -> bool:
    """Tell whether the catalog says that this reference isn't enforced in the unified database."""
    return any(
        not reference.enforced
        and (reference.table, reference.target_table) == (table.target_name, parent.target_name)
        and set(zip(reference.columns, reference.target_columns, strict=True)) == pairs
        for reference in plan.catalog.references
    )  # fmt: skip


def _missing_checks(table: TablePlan, checks: Iterable[Check], standing: Sequence[Check]) -> Iterator[Finding]:
    columns = _columns(table)
    types = {column.name: column.type for column in table.target.columns}
    for check in checks:
        mapped = sorted(columns[name] for name in check.columns if name in columns)
        if not mapped or len(mapped) != len(check.columns):
            continue
        by_type = len(mapped) == 1 and types[mapped[0]].kind == "e"  # an enum has its values in its type
        if not by_type and not any(sorted(other.columns) == mapped for other in standing):
            yield _missing(table, "check", check.name, check.definition, "")


def _missing(table: TablePlan, kind: str, name: str, definition: str, statement: str) -> Finding:
    message = f"{kind} {name} of {table.source_name} has no counterpart: {definition}"
    return Finding(MISSING, "error", table.target_name, 1, message, remedy=HINT, sql=statement)


def _columns(table: TablePlan) -> dict[str, str]:
    """Return which target column each source column becomes, where it alone does."""
    return {column.sources[0]: column.target.name for column in table.columns if len(column.sources) == 1}


async def _checks(
    sessions: SessionPool, endpoint: Endpoint, tables: Sequence[tuple[str, str]]
) -> Mapping[str, list[Check]]:
    parameters = {"schemas": [schema for schema, _ in tables], "names": [name for _, name in tables]}
    checks: dict[str, list[Check]] = {}
    async with sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't read the CHECK constraints"):
            for schema, table, name, definition, columns in await run(
                connection, sql.SQL(queries.load("checks")), parameters
            ):
                checks.setdefault(f"{schema}.{table}", []).append(Check(name, definition, tuple(columns)))
    return checks
