"""Sums of number columns on both sides: what somebody who answers for the money compares, beside the hashes.

They prove nothing that the hashes don't. They cost one scan more of each table that has such columns, and are exact:
each value is added up as numeric.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.catalog import Reference
from payrollx_db.postgres.concurrency import limited
from payrollx_db.postgres.session import Endpoint, run

NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8", "money"})


@dataclass(frozen=True)
class ColumnSum:
    """One number column: how many values there are on each side, and their sums, as exact text.

    The source's are of the rows that went into the target: without those in quarantine.
    """

    source: str
    target: str
    column: str
    source_rows: int
    target_rows: int
    source_sum: str | None
    target_sum: str | None

    @property
    def equal(self) -> bool:
        """Whether both sides have as many values and the same sum."""
        return (self.source_rows, self.source_sum) == (self.target_rows, self.target_sum)

    def document(self) -> dict[str, object]:
        """Return it as plain data, for ``--json``."""
        return {
            "source": self.source, "target": self.target, "column": self.column, "source_rows": self.source_rows,
            "target_rows": self.target_rows, "source_sum": self.source_sum, "target_sum": self.target_sum,
            "equal": self.equal,
        }  # fmt: skip


async def sum_columns(context: Context, plan: Plan) -> tuple[ColumnSum, ...]:
    """Add up the number columns of the tables to copy, both sides at once: all but keys and references.

    Leaves out tables that duplicate tables brought rows into, whose sides differ by these. Raises SourceError or
    TargetError.
    """
    imported = {table.destination for table in plan.merges if table.imported}
    summed = [
        (table, columns)
        for table in plan.copies
        if table.destination not in imported and (columns := number_columns(table, plan.catalog.references))
    ]
    sums = await limited([_of_table(context, table, columns) for table, columns in summed], context.jobs)
    return tuple(one for of_table in sums for one in of_table)


def number_columns(table: TablePlan, references: Iterable[Reference]) -> list[ColumnPlan]:
    """Return the columns of ``table`` that count or measure something."""
    referring = {name for r in references if r.table == table.target_name for name in r.columns}
    keys = {*table.target.primary_key, *referring}
    keys |= set(table.destination.columns)
    return [c for c in table.columns if c.target.type.name in NUMBERS and c.target.name not in keys]


async def _of_table(context: Context, table: TablePlan, columns: Sequence[ColumnPlan]) -> list[ColumnSum]:
    values = [_typed(table.value(column), column) for column in columns]
    source = _query(values, table.from_clause, table.kept)
    stored = [sql.Identifier(ROW, column.target.name) for column in columns]
    target = _query(stored, table.target_from, table.in_scope)
    ours, theirs = await limited(
        [_numbers(context, context.sources[table.database], source), _numbers(context, context.target, target)], 2
    )
    return [
        ColumnSum(*table.place, column.target.name, ours[2 * n], theirs[2 * n], ours[2 * n + 1], theirs[2 * n + 1])
        for n, column in enumerate(columns)
    ]


def _typed(value: sql.Composable, column: ColumnPlan) -> sql.Composable:
    """Return the source's value as the target has it: rounded where the target's type rounds."""
    return sql.SQL("CAST({} AS {})").format(value, sql.SQL(column.target.type.display))


def _query(values: Iterable[sql.Composable], rows: sql.Composable, condition: sql.Composable) -> sql.Composable:
    sums = sql.SQL(", ").join(
        sql.SQL("pg_catalog.count({0}), pg_catalog.sum(CAST({0} AS pg_catalog.numeric))::text").format(value)
        for value in values
    )
    return sql.SQL("SELECT {} FROM {} WHERE {}").format(sums, rows, condition)


async def _numbers(context: Context, endpoint: Endpoint, query: sql.Composable) -> tuple[Any, ...]:
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors("can't add up its number columns"):
            (row,) = await run(connection, query)
    return row
