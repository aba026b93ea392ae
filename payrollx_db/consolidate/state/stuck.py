"""Stuck rows: rows of the target that a legacy table doesn't take, with the reason. They block a rollback."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from payrollx_db.consolidate.state import schema
from payrollx_db.consolidate.state.flows import FIRST_VERSION
from payrollx_db.model.finding import EXAMPLES
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)


async def stuck_keys(connection: Connection, database: str) -> dict[str, dict[str, str]]:
    """Return the reasons of a legacy database's stuck rows, by legacy table (``schema.table``) and key."""
    if await schema.version(connection) < FIRST_VERSION:
        return {}
    cursor = await connection.execute(queries.load("stuck_keys"), {"database": database})
    rows: dict[str, dict[str, str]] = {}
    for source, key, reason in await cursor.fetchall():
        rows.setdefault(source, {})[key] = reason
    return rows


@dataclass(frozen=True)
class StuckRows:
    """The stuck rows of one legacy table: how many, and keys of some of them, each with the reason."""

    database: str
    source: str
    count: int
    examples: tuple[tuple[str, str], ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        examples = [{"key": key, "reason": reason} for key, reason in self.examples]
        return {"database": self.database, "table": self.source, "rows": self.count, "examples": examples}


async def stuck_rows(connection: Connection) -> list[StuckRows]:
    """Return the stuck rows of each legacy table that has some."""
    if await schema.version(connection) < FIRST_VERSION:
        return []
    cursor = await connection.execute(queries.load("stuck_rows"), {"examples": EXAMPLES})
    return [
        StuckRows(database, source, count, tuple((key, reason) for key, reason in examples))
        for database, source, count, examples in await cursor.fetchall()
    ]


async def stuck_counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Return how many rows are stuck, by legacy database and table."""
    if await schema.version(connection) < FIRST_VERSION:
        return {}
    cursor = await connection.execute(queries.load("stuck_counts"))
    counts: dict[str, dict[str, int]] = {}
    for database, source, count in await cursor.fetchall():
        counts.setdefault(database, {})[source] = count
    return counts


async def record_stuck(connection: Connection, database: str, source: str, reasons: Mapping[str, str]) -> None:
    """Record, in the current transaction, why rows of a legacy table are stuck, by key."""
    rows = [(database, source, key, reason) for key, reason in reasons.items()]
    await connection.cursor().executemany(queries.load("record_stuck"), rows)


async def lift_stuck(connection: Connection, database: str, source: str, keys: Iterable[str]) -> None:
    """Record, in the current transaction, that rows aren't stuck any more."""
    await connection.execute(queries.load("lift_stuck"), (database, source, list(keys)))


async def forget_stuck(connection: Connection, database: str) -> None:
    """Forget all stuck rows of a legacy database, in the current transaction: its way back is over."""
    await connection.execute("DELETE FROM payrollx_meta.stuck WHERE database = %s", (database,))
