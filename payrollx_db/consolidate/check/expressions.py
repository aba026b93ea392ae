"""A layout's own expressions, as far as they can be judged without a row: whether the source's server takes each."""

import psycopg
from psycopg import sql

from payrollx_db.consolidate.check.values import place
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import errors, sqlstates
from payrollx_db.postgres.concurrency import limited, taking_turns
from payrollx_db.postgres.session import Connection, run

# An aggregate takes one value of each row: no aggregate, no window over other rows, no more than one value.
NOTHING_OF_IT = "EXPLAIN SELECT {} FROM {} WHERE false"


async def refused_expressions(context: Context, plan: Plan) -> list[Finding]:
    """Name the derived columns whose expression fails on any row: it isn't SQL, or not of one row.

    Raises SourceError where a source can't be asked.
    """
    tables = [table for table in plan.copies if _derived(table)]
    looks = [_refused(context, table) for table in taking_turns(tables, lambda table: table.database)]
    return [finding for findings in await limited(looks, context.jobs) for finding in findings]


async def _refused(context: Context, table: TablePlan) -> list[Finding]:
    endpoint = context.sources[table.database]
    columns = _derived(table)
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't try the derived columns of {table.source.full_name}"):
            if await _error(connection, table, columns) is None:
                return []
            tried = [(column, await _error(connection, table, [column])) for column in columns]
    return [_finding(table, column, error) for column, error in tried if error is not None]


async def _error(connection: Connection, table: TablePlan, columns: list[ColumnPlan]) -> psycopg.Error | None:
    counted = [sql.SQL("pg_catalog.count({})").format(column.conversion.value) for column in columns]
    query = sql.SQL(NOTHING_OF_IT).format(sql.SQL(", ").join(counted), table.from_clause)
    try:
        async with connection.transaction():
            await run(connection, query)
    except psycopg.Error as error:
        if sqlstates.is_of_statement(error.sqlstate or ""):
            return error
        if not sqlstates.may_be_of_a_row(error.sqlstate or ""):  # as of 1 / 0, which is computed at once
            raise
    return None


def _finding(table: TablePlan, column: ColumnPlan, error: psycopg.Error) -> Finding:
    words = f"SQLSTATE {error.sqlstate}: {errors.message(error)}"
    message = f"the derive expression of {column.target.name} is none that its server takes for each row ({words})"
    return Finding("derive-refused", "block", place(table, [column]), 1, message)


def _derived(table: TablePlan) -> list[ColumnPlan]:
    return [column for column in table.columns if column.conversion.rule == "derived"]
