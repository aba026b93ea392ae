"""Triggers that are left out of a copy: disabled by name, and brought back as they were.

What is disabled is recorded with its mode in the same transaction, so that a kill loses nothing: whatever ends the run
(its last stage, undo, restart, giving it up) brings the triggers back.
"""

from collections.abc import Collection, Iterable
from functools import partial

from psycopg import sql

from payrollx_db.consolidate.context import RunContext
from payrollx_db.consolidate.copy.indexes import LOCK_TIMEOUT, qualified
from payrollx_db.consolidate.copy.rows import in_groups
from payrollx_db.consolidate.retrying import retry_transient
from payrollx_db.consolidate.state import triggers as state
from payrollx_db.model.events import Notice
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection, Endpoint, run

queries = query_files.beside(__name__)

GROUP = 100  # tables or triggers in one transaction, which locks them
COPIES, UPDATES = 4 | 8 | 32, 16  # pg_trigger.tgtype: INSERT, DELETE and TRUNCATE; UPDATE
ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}  # by pg_trigger.tgenabled


async def leave_out(context: RunContext, tables: Collection[str], *, updates: bool = False) -> None:
    """Disable the triggers of these tables, and of their partitions, for the rest of the run. Raises TargetError.

    With ``updates``, those that fire on UPDATE too, which a copy has none of.
    """
    names: list[str] = []
    for group in in_groups(sorted(tables), GROUP):
        async with context.transaction() as connection:
            names += await disable(connection, context.target, context.run, group, updates=updates)
    if names:
        context.observer(Notice(f"triggers disabled until the run is done: {', '.join(names)}"))


async def disable(
    connection: Connection, target: Endpoint, number: int, tables: Collection[str], *, updates: bool = False
) -> list[str]:
    """Disable and record the triggers of these tables in the current transaction; return their names. TargetError."""
    events = COPIES | UPDATES if updates else COPIES
    with target.translating_errors("can't disable the triggers"):
        await connection.execute("SELECT pg_catalog.set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
        cursor = await connection.execute(queries.load("firing_triggers"), {"tables": list(tables), "events": events})
        firing = await cursor.fetchall()
        await state.record_disabled(connection, number, firing)
        for table, name, _ in firing:
            await run(connection, _alter(table, "DISABLE", name))
    return [f"{name} on {table}" for table, name, _ in firing]


async def bring_back(context: RunContext) -> None:
    """Enable what the run has disabled, each trigger in the mode that it had. Raises TargetError."""
    await retry_transient(partial(_bring_back, context), "enabling the triggers", context.observer)


async def bring_back_of(context: RunContext, tables: Collection[str]) -> None:
    """Enable those of these tables alone, by their names, in one transaction. Raises TargetError."""
    disabled = [item for item in await state.disabled(context.connection, context.run) if item[0] in tables]
    if not disabled:
        return
    async with context.transaction() as connection:
        with context.target.translating_errors("can't enable the triggers"):
            for table, name, mode in await _still(connection, disabled):
                await run(connection, _alter(table, ENABLE[mode], name))
            for table, name, _ in disabled:
                await state.record_one_enabled(connection, table, name)


async def _bring_back(context: RunContext) -> None:
    disabled = await state.disabled(context.connection, context.run)
    if not disabled:
        return
    for group in in_groups(disabled, GROUP):
        async with context.transaction() as connection:
            with context.target.translating_errors("can't enable the triggers"):
                for table, name, mode in await _still(connection, group):
                    await run(connection, _alter(table, ENABLE[mode], name))
    async with context.transaction() as connection:
        with context.target.translating_errors("can't enable the triggers"):
            await state.record_enabled(connection, context.run)
    context.observer(Notice(f"triggers enabled as they were: {', '.join(f'{n} on {t}' for t, n, _ in disabled)}"))


async def _still(connection: Connection, disabled: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return those that are there and disabled still: what somebody has changed since stays as it is."""
    disabled = list(disabled)
    cursor = await connection.execute(queries.load("trigger_modes"), {"tables": [table for table, _, _ in disabled]})
    modes = {(table, name): mode for table, name, mode in await cursor.fetchall()}
    return [(table, name, mode) for table, name, mode in disabled if modes.get((table, name)) == "D"]


def _alter(table: str, action: str, trigger: str) -> sql.Composable:
    return sql.SQL("ALTER TABLE ONLY {} {} TRIGGER {}").format(
        qualified(table), sql.SQL(action), sql.Identifier(trigger)
    )
