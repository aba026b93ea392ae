"""Rows that no COPY sends: a server puts a whole row into one message, which holds less than a gigabyte.

Each value fits its column, so that nothing else shows it before the copy comes to that row. How long a value is stands
beside it: none is read for it, and only tables are looked at that have so much outside of their own pages.
"""

import psycopg
from psycopg import sql

from payrollx_db.consolidate.check.values import place
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.conversion.canonical import HASHABLE, TEXTS
from payrollx_db.consolidate.plan.mapping import ROW, ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres import sqlstates
from payrollx_db.postgres.column_types import ColumnType
from payrollx_db.postgres.concurrency import limited, taking_turns
from payrollx_db.postgres.copy_pipe import CopyFormat
from payrollx_db.postgres.session import run

MOST = 0x3FFFFFFF - 1_000  # bytes of a row's values, with what the message needs itself for the narrowest of tables
DENSEST = 255  # bytes that one may stand for, where a value is compressed
PAGE = 8_192
OF_ONE_LENGTH = (HASHABLE - {"bytea", "jsonb", "numeric"}) | {"name", "interval", "money"}


async def too_large_rows(context: Context, plan: Plan) -> list[Finding]:
    """Name the rows that are larger than a message of COPY may be. Raises SourceError."""
    tables = [table for table in plan.copies if _may_have_some(table)]
    found = await limited(
        [_of_table(context, table) for table in taking_turns(tables, lambda table: table.database)], context.jobs
    )
    return [finding for finding in found if finding is not None]


def _may_have_some(table: TablePlan) -> bool:
    """Tell whether a table has enough outside of its own pages: a row's values of more than 2 kB lie there."""
    outside = table.source.size - table.source.pages * PAGE
    return outside * DENSEST > MOST and bool(_long(table))


def _long(table: TablePlan) -> list[tuple[ColumnPlan, ColumnType]]:
    """Return the columns that go over as they are and may be long, with their types in the source."""
    pairs = [
        (column, origin.type)
        for column in table.columns
        if column.conversion.rule != "derived" and len(column.sources) == 1
        for origin in [table.source.column(column.sources[0])]
        if origin is not None
    ]
    return [pair for pair in pairs if pair[1].kind != "e" and pair[1].name not in OF_ONE_LENGTH]


async def _of_table(context: Context, table: TablePlan) -> Finding | None:
    columns = _long(table)
    size = sql.SQL(" + ").join(_size(column.sources[0], kind, table.form) for column, kind in columns)
    key = table.source_key or sql.SQL("NULL::text")
    rows = sql.SQL("SELECT {} AS k FROM {} WHERE {} AND {} > {}").format(
        key, table.from_clause, table.kept, size, sql.Literal(MOST)
    )
    query = sql.SQL("SELECT pg_catalog.count(*), (pg_catalog.array_agg(k ORDER BY k))[:{}] FROM ({}) AS r").format(
        sql.Literal(EXAMPLES), rows
    )
    endpoint = context.sources[table.database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't read {table.source.full_name}"):
            try:
                ((count, keys),) = await run(connection, query)
            except psycopg.Error as error:
                if not sqlstates.may_be_of_computing(error.sqlstate or ""):
                    raise
                return None  # a key that can't be written: what asks for values says so
    if not count:
        return None
    message = (
        "row of more than a gigabyte, which no server sends or takes in one COPY: shorten a value in the source, or"
        " discard one of these columns in the layout and fill it by hand"
    )
    examples = tuple(key for key in keys if key is not None)
    return Finding("row-too-large", "block", place(table, [column for column, _ in columns]), count, message, examples)


def _size(column: str, kind: ColumnType, form: CopyFormat) -> sql.Composable:
    """Return how long a value is, at least, without reading it: what is compressed counts as such but for texts."""
    name = sql.Identifier(ROW, column)
    if kind.name in TEXTS and kind.name != "bpchar":
        length = sql.SQL("pg_catalog.octet_length({}::text)").format(name)
    elif kind.name == "bytea" and form == "text":  # two digits for each byte
        length = sql.SQL("2 * pg_catalog.octet_length({})::bigint").format(name)
    elif kind.name in ("bpchar", "bytea"):
        length = sql.SQL("pg_catalog.octet_length({})").format(name)
    else:
        length = sql.SQL("pg_catalog.pg_column_size({})").format(name)
    return sql.SQL("coalesce({}, 0)::bigint").format(length)
