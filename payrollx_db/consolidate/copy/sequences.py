"""Sequences: after the copy, the next row that a service inserts gets a number that nobody has."""

from collections.abc import Sequence
from typing import Any

from psycopg import sql

from payrollx_db.consolidate.context import Context, RunContext
from payrollx_db.consolidate.plan.mapping import TablePlan
from payrollx_db.postgres.session import Connection, run


async def set_sequences(context: RunContext, tables: Sequence[TablePlan]) -> None:
    """Move each sequence that a filled column owns past the highest value there, and past the source's own sequence."""
    async with context.transaction() as connection:
        for table in tables:
            await _set_sequences(context, connection, table)


async def _set_sequences(context: Context, connection: Connection, table: TablePlan) -> None:
    for column in table.columns:
        if column.target.sequence is None:
            continue
        last = 0
        origin = table.source.column(column.sources[0]) if len(column.sources) == 1 else None
        if origin is not None and origin.sequence:
            last = await _last_value(context, table.database, origin.sequence)
        highest = sql.SQL("SELECT pg_catalog.max({}) FROM {}").format(
            sql.Identifier(column.target.name), sql.Identifier(table.target.schema, table.target.name)
        )
        value = max(last, (await run(connection, highest))[0][0] or 0)
        if value:
            await connection.execute("SELECT pg_catalog.setval(%s::regclass, %s)", (column.target.sequence, value))


async def _last_value(context: Context, database: str, sequence: str) -> Any:
    endpoint = context.sources[database]
    async with context.sessions.session(endpoint) as connection:
        with endpoint.translating_errors(f"can't read the sequence {sequence}"):
            query = sql.SQL("SELECT pg_catalog.pg_sequence_last_value(%s::regclass)")
            return (await run(connection, query, (sequence,)))[0][0] or 0
