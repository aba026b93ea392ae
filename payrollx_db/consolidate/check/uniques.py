"""Rows that are too many for a unique of the target, where the source can tell: its equality is the target's.

All other uniques (over expressions, of types and collations with an equality of their own) are rehearsed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db.consolidate.check.demands import groupable
from payrollx_db.consolidate.check.target_rules import TableRules
from payrollx_db.consolidate.check.values import NEWEST, Suspect, Values, examples_of, place, unique_uuids
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan, new_uniques
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)


async def too_many(
    context: Context, table: TablePlan, values: Values, rules: TableRules, *, trusting: bool = True
) -> list[Suspect]:
    """Find rows beyond the one that may stay, for values that the target demands to be unique.

    Rows that are out already don't count; ``trusting`` says that what the source's own uniques say is so.
    Among rows with one value the newest stays. Raises SourceError.
    """
    groups = list(_groups(table, values, rules, trusting=trusting))
    if not groups:
        return []
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't look for duplicates in {table.source.full_name}"):
            suspects = [await _group(connection, table, values, group) for group in groups]
    return [suspect for suspect in suspects if suspect.finding.count]


@dataclass(frozen=True)
class _Group:
    """Columns whose values, once they are converted, only one row may have."""

    columns: Sequence[ColumnPlan]
    code: str
    message: str
    nulls_equal: bool = False


def _groups(table: TablePlan, values: Values, rules: TableRules, *, trusting: bool) -> Iterator[_Group]:
    for name, columns, nulls_equal in _uniques(rules, table, trusting=trusting):
        names = ", ".join(column.target.name for column in columns)
        yield _Group(columns, "duplicate", f"too many for the unique {name} ({names})", nulls_equal)
    for keys in unique_uuids(table):
        if values.odd is None or values.odd & {column.target.name for column in keys}:
            yield _Group(keys, "case-collision", "same key as another row once converted")


def _uniques(
    rules: TableRules, table: TablePlan, *, trusting: bool
) -> Iterator[tuple[str, Sequence[ColumnPlan], bool]]:
    """Yield name, columns and whether NULLs count as equal, also of the indexes that an unfinished run has dropped."""
    for index, columns in groupable(rules, table, trusting=trusting):
        yield index.name, columns, index.nulls_equal
    standing = {index.name for index in rules.indexes}
    for dropped, columns in new_uniques(table):
        if dropped.name not in standing:
            yield dropped.name, columns, False


async def _group(connection: Connection, table: TablePlan, values: Values, group: _Group) -> Suspect:
    """Count the rows beyond the newest of each value that several rows share once it is converted."""
    columns = group.columns
    named = [sql.Identifier(f"c{number}") for number in range(len(columns))]
    converted = [
        sql.SQL("{} AS {}").format(values.guarded(column), name) for column, name in zip(columns, named, strict=True)
    ]
    newest = [sql.Identifier(ROW, name) for name in NEWEST if table.source.column(name)]
    names = sql.SQL(", ").join(named)
    parts = {
        "names": names,
        "some": sql.SQL("true") if group.nulls_equal else sql.SQL("ROW({}) IS NOT NULL").format(names),
        "converted": sql.SQL(", ").join(converted),
        "age": newest[0] if newest else sql.SQL("NULL::timestamp"),
        "key": table.source_key or sql.SQL("s.ctid::text"),
        "source": table.from_clause,
        "kept": table.kept,
    }
    keys = sql.SQL(queries.load("surplus_keys")).format(**parts)
    count = (await run(connection, sql.SQL(queries.load("surplus_count")).format(**parts)))[0][0]
    examples = await examples_of(connection, keys) if count else ()
    finding = Finding(group.code, "block", place(table, columns), count, group.message, examples)
    return Suspect(finding, keys if table.source_key is not None else None)
