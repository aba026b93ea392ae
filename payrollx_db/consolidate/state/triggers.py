"""Triggers that a run has disabled, with the mode that each had, and whether they are back."""

from collections.abc import Sequence

from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

Disabled = tuple[str, str, str]  # table, name, mode
SINCE = 8  # the version of the state that knows them


async def record_disabled(connection: Connection, run: int, triggers: Sequence[Disabled]) -> None:
    """Record what is about to be disabled. To be called in the transaction that does it."""
    rows = [(run, *trigger) for trigger in triggers]
    await connection.cursor().executemany(queries.load("record_triggers"), rows)


async def disabled(connection: Connection, run: int) -> list[Disabled]:
    """Return what the run has disabled and not enabled again."""
    if await schema.version(connection) < SINCE:
        return []
    cursor = await connection.execute(queries.load("disabled_triggers"), (run,))
    return [(table, name, mode) for table, name, mode in await cursor.fetchall()]


async def record_enabled(connection: Connection, run: int) -> None:
    """Record that all of them are back."""
    await connection.execute(queries.load("triggers_restored"), (run,))


async def record_one_enabled(connection: Connection, table: str, name: str) -> None:
    """Record, in the transaction that enables it, that a trigger is back, whichever runs have disabled it."""
    await connection.execute(queries.load("trigger_restored"), (table, name))
