"""A layout's own expressions, as far as they can be judged without a row: whether the source's server takes each."""

from collections.abc import AsyncIterator, Sequence

import psycopg
from psycopg import sql

from payrollx_db.consolidate.check.values import place
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.conversion import fleeting
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import errors, sqlstates
from payrollx_db.postgres.concurrency import limited, taking_turns
from payrollx_db.postgres.session import Connection, run

# An aggregate takes one value of each row: no aggregate, no window over other rows, no more than one value.
NOTHING_OF_IT = "EXPLAIN SELECT {} FROM {} WHERE false"


async def judged_expressions(context: Context, plan: Plan) -> list[Finding]:
    """Name the derived columns whose expression fails on any row, or is another value at each time of asking.

    It fails where it isn't SQL, or not of one row. What varies is looked for where no expression of the table fails.

    Raises SourceError where a source can't be asked.
    """
    tables = [table for table in plan.copies if _derived(table)]
    looks = [_judged(context, table) for table in taking_turns(tables, lambda table: table.database)]
    return [finding for findings in await limited(looks, context.jobs) for finding in findings]


async def _judged(context: Context, table: TablePlan) -> list[Finding]:
    endpoint = context.sources[table.database]
    columns = _derived(table)
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't try the derived columns of {table.source.full_name}"):
            if await _error(connection, table, [column.conversion.value for column in columns]) is None:
                return [varying for column in columns async for varying in _varying(connection, table, column)]
            tried = [(column, await _error(connection, table, [column.conversion.value])) for column in columns]
    return [_finding(table, column, error) for column, error in tried if error is not None]


async def _error(connection: Connection, table: TablePlan, values: Sequence[sql.Composable]) -> psycopg.Error | None:
    """Return what the server says of ``values`` as those of one row, whatever this is."""
    error = await _planned(connection, table, values)
    return error if error is not None and sqlstates.is_of_statement(error.sqlstate or "") else None


async def _planned(connection: Connection, table: TablePlan, values: Sequence[sql.Composable]) -> psycopg.Error | None:
    counted = sql.SQL(", ").join(sql.SQL("pg_catalog.count({})").format(value) for value in values)
    try:
        async with connection.transaction():
            await run(connection, sql.SQL(NOTHING_OF_IT).format(counted, table.from_clause))
    except psycopg.Error as error:
        code = error.sqlstate or ""
        if not (sqlstates.is_of_statement(code) or sqlstates.may_be_of_a_row(code)):  # as 1 / 0, computed at once
            raise
        return error
    return None


async def _varying(connection: Connection, table: TablePlan, column: ColumnPlan) -> AsyncIterator[Finding]:
    """Yield that a word of the expression, as 'today', is read as a time: the server takes no other text there."""
    for word, timeless in column.conversion.timeless:
        error = await _planned(connection, table, [timeless])
        if error is not None and error.sqlstate == sqlstates.NO_TIME:
            note = fleeting.varies(word)
            yield Finding(note.code, note.severity, place(table, [column]), 1, note.message)
            return


def _finding(table: TablePlan, column: ColumnPlan, error: psycopg.Error) -> Finding:
    words = f"SQLSTATE {error.sqlstate}: {errors.message(error)}"
    message = f"the derive expression of {column.target.name} is none that its server takes for each row ({words})"
    if sqlstates.among(error.sqlstate or "", sqlstates.NO_SUCH_NAME):
        message += "; sessions have no search_path, so that all but the server's own names need their schema"
    return Finding("derive-refused", "block", place(table, [column]), 1, message)


def _derived(table: TablePlan) -> list[ColumnPlan]:
    return [column for column in table.columns if column.conversion.rule == "derived"]
