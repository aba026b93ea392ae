"""Functions of indexes that fail as soon as the server plans a statement about their table.

A function in SQL is written into the statement, where its names are looked up by the search_path of our sessions, which
finds nothing but the server's own.
"""

from collections import defaultdict

import psycopg
from psycopg import sql

from payrollx_db.consolidate.check.breaches import set_search_path
from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.plan import Plan
from payrollx_db.model.finding import Finding
from payrollx_db.postgres import query_files, sqlstates
from payrollx_db.postgres.session import run

queries = query_files.beside(__name__)

READING = "reading"  # the name of this check: what it finds keeps a table from being read at all


async def unreadable_tables(context: Context, plan: Plan) -> list[Finding]:
    """Find the target's tables about which no statement can be planned. Raises TargetError."""
    tables = {table.target.oid: table.target for table in plan.copies}
    functions: dict[int, list[tuple[str, str]]] = defaultdict(list)
    findings = []
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't read the functions of its indexes"):
            cursor = await connection.execute(queries.load("indexed_functions"), {"tables": list(tables)})
            for oid, function, schema in await cursor.fetchall():
                functions[oid].append((function, schema))
            schemas = [name for (name,) in await run(connection, sql.SQL(queries.load("search_schemas")))]
            for oid, called in functions.items():
                table = tables[oid]
                try:
                    await run(connection, sql.SQL("EXPLAIN SELECT FROM {}").format(table.identifier))
                except psycopg.Error as error:
                    state = error.sqlstate or ""
                    if not state.startswith(("42", "3F")):
                        raise
                    findings.append(_finding(f"{context.target.name}.{table.full_name}", state, called, schemas))
    return findings


def _finding(place: str, state: str, called: list[tuple[str, str]], schemas: list[str]) -> Finding:
    fixes = [set_search_path(function, (schema, *schemas)) for function, schema in called]
    names = tuple(function for function, _ in called)
    message = (
        f"no statement about it can be planned: {sqlstates.words(state)} (SQLSTATE {state}); our sessions find no name"
        f" by search_path, and what its indexes call needs one: run {'; '.join(fixes)}"
    )
    return Finding("function", "block", place, len(names), message, names, sql=";\n".join(fixes), check=READING)
