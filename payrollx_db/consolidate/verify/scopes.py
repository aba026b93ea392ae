"""Rows of tables in scopes that no run has brought: services wrote them, or nobody knows who.

They are no difference, as no source says that they shouldn't be there. They are said, so that nobody takes them for
compared. The scopes of a table are found one after the other by its index, not by reading its rows.
"""

from collections.abc import Collection, Iterable, Sequence

from psycopg import sql

from payrollx_db.consolidate.context import Context
from payrollx_db.consolidate.plan.destination import Destination, written
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.model.finding import EXAMPLES, Finding
from payrollx_db.postgres import query_files
from payrollx_db.postgres.introspect import Table
from payrollx_db.postgres.session import Connection, run

queries = query_files.beside(__name__)

UNKNOWN_SCOPE = "unknown-scope"
MOST = 100_000  # scopes of one table that are looked at


async def find_unknown_scopes(
    context: Context, tables: Iterable[TablePlan], known: Collection[Destination]
) -> list[Finding]:
    """Say in which scopes of these tables there are rows, beside theirs and those ``known``. Raises TargetError."""
    shared: dict[tuple[str, tuple[str, ...]], list[TablePlan]] = {}
    for table in tables:
        if table.scope:
            shared.setdefault((table.target_name, table.destination.columns), []).append(table)
    if not shared:
        return []
    async with context.sessions.session(context.target) as connection:
        with context.target.translating_errors("can't look for scopes that nobody has brought"):
            findings = [
                await _of_table(connection, members[0].target, columns, {*known, *(t.destination for t in members)})
                for (_, columns), members in shared.items()
            ]
    return [finding for finding in findings if finding is not None]


async def _of_table(
    connection: Connection, table: Table, columns: Sequence[str], known: set[Destination]
) -> Finding | None:
    unknown, nameless = [], False
    for values in await _scopes(connection, table, columns):
        if None in values:
            nameless = True
            continue
        destination = Destination(table.full_name, tuple(zip(columns, map(str, values), strict=True)))
        if destination not in known:
            unknown.append(written(destination.scope))
    if not (unknown or nameless):
        return None
    parts = [f"rows of {len(unknown):,} scopes that no run has brought"] if unknown else []
    parts += [f"rows without a value in {' or '.join(columns)}"] if nameless else []
    message = f"holds {' and '.join(parts)}, which were not compared"
    return Finding(UNKNOWN_SCOPE, "warn", table.full_name, max(len(unknown), 1), message, tuple(unknown[:EXAMPLES]))


async def _scopes(connection: Connection, table: Table, columns: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Return the values, as text, that rows of a table have in these columns, each once."""
    names = [sql.Identifier("t", name) for name in columns]
    query = sql.SQL(queries.load("scopes")).format(
        table=sql.SQL("{}{}").format(sql.SQL("" if table.kind == "p" else "ONLY "), table.identifier),
        columns=sql.SQL(", ").join(names),
        listed=sql.SQL(", ").join(map(sql.Identifier, columns)),
        before=sql.SQL(", ").join(sql.Identifier("s", name) for name in columns),
        texts=sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier("s", name)) for name in columns),
        missing=sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(name) for name in names),
        nulls=sql.SQL(", ").join(sql.SQL("NULL::text") for _ in names),
        most=sql.Literal(MOST),
    )
    return await run(connection, query)
