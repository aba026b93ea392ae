"""A layout's own expressions, as far as they can be judged without a row: whether the source's server takes each."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.check.values import place
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.conversion import Note, fleeting
from payrollx_db.consolidate.plan.mapping import ColumnPlan, TablePlan
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import errors, query_files, sqlstates
from payrollx_db.postgres.concurrency import limited, taking_turns
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

# An aggregate takes one value of each row: no aggregate, no window over other rows, no more than one value.
NOTHING_OF_IT = "EXPLAIN SELECT {} FROM {} WHERE false"
ALL_OF_IT = "SELECT {} FROM {} WHERE {}"
READABLE = ("sql", "plpgsql")  # languages whose functions' texts are read as expressions are


@dataclass(frozen=True)
class OwnFunction:
    """What `queries/own_functions.sql` answers of a function that somebody has made, or an extension."""

    oid: int
    name: str
    language: str
    is_volatile: bool
    body: str
    path: list[str]

    def calls(self) -> set[tuple[str, str]]:
        """Return what it may call of functions like itself."""
        called = fleeting.calls(self.body) if self.language in READABLE else frozenset()
        return {(schema, name) for known, name in called for schema in ([known] if known else self.path)}


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
                found = [varying for column in columns async for varying in _varying(connection, table, column)]
                return found + [varying async for varying in _of_functions(connection, table, columns)]
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
    for word, timeless, lasting in column.conversion.timeless:
        error = await _planned(connection, table, [timeless])
        # What is cast from a text that is cast from a literal is read of each row, and not before.
        if (error is not None and error.sqlstate == sqlstates.NO_TIME) or (
            lasting is not None
            and await _fails_as_time(connection, table, timeless)
            and not await _fails_as_time(connection, table, lasting)
        ):
            note = fleeting.varies(word)
            yield Finding(note.code, note.severity, place(table, [column]), 1, note.message)
            return


async def _fails_as_time(connection: Connection, table: TablePlan, value: sql.Composable) -> bool:
    """Tell whether a text that is no time is read as one where ``value`` is computed of the rows."""
    counted = sql.SQL("pg_catalog.count({})").format(value)
    try:
        async with connection.transaction():
            await run(connection, sql.SQL(ALL_OF_IT).format(counted, table.from_clause, table.kept))
    except psycopg.Error as error:
        if not sqlstates.may_be_of_computing(error.sqlstate or ""):
            raise
        return error.sqlstate == sqlstates.NO_TIME
    return False


async def _of_functions(
    connection: Connection, table: TablePlan, columns: Sequence[ColumnPlan]
) -> AsyncIterator[Finding]:
    """Yield what functions of somebody's own make of the columns whose expressions call them, to any depth."""
    known: dict[tuple[str, str], list[OwnFunction]] = {}
    for column in columns:
        seen: dict[int, OwnFunction] = {}
        calls = {(schema, name) for schema, name in column.conversion.calls if schema}
        while calls:
            await _read(connection, calls - known.keys(), known)
            found = [function for call in calls for function in known[call] if function.oid not in seen]
            seen |= {function.oid: function for function in found}
            calls = {call for function in found for call in function.calls()}
        note = _note(seen.values())
        if note is not None and column.conversion.note != note:
            yield Finding(note.code, note.severity, place(table, [column]), 1, note.message)


async def _read(
    connection: Connection, calls: Iterable[tuple[str, str]], known: dict[tuple[str, str], list[OwnFunction]]
) -> None:
    """Read the functions that are ``calls``, each by its schema and name, into those that are ``known``."""
    for schema, name in sorted(calls):
        cursor = connection.cursor(row_factory=class_row(OwnFunction))
        await cursor.execute(queries.load("own_functions"), {"schema": schema, "name": name})
        known[schema, name] = await cursor.fetchall()


def _note(functions: Iterable[OwnFunction]) -> Note | None:
    """Return what is to be known of an expression that comes to these functions."""
    doubtful = []
    for function in functions:
        what = fleeting.moves(function.body) if function.language in READABLE else ""
        if what:
            return fleeting.varies(f"{what}, in {function.name}")
        if function.is_volatile and function.language not in READABLE:
            doubtful.append(function)
    if not doubtful:
        return None
    message = (
        f"the derive expression calls {doubtful[0].name}, which is VOLATILE: if it gives another value each time it is"
        " called, verify will find every row changed; call the column new in the layout then"
    )
    return Note(fleeting.CODE, "warn", message)


def _finding(table: TablePlan, column: ColumnPlan, error: psycopg.Error) -> Finding:
    words = f"SQLSTATE {error.sqlstate}: {errors.message(error)}"
    message = f"the derive expression of {column.target.name} is none that its server takes for each row ({words})"
    if sqlstates.among(error.sqlstate or "", sqlstates.NO_SUCH_NAME):
        message += "; sessions have no search_path, so that all but the server's own names need their schema"
    return Finding("derive-refused", "block", place(table, [column]), 1, message)


def _derived(table: TablePlan) -> list[ColumnPlan]:
    return [column for column in table.columns if column.conversion.rule == "derived"]
