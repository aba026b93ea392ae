"""Where sequences stood before a run set them, so that undoing it puts them back."""

from collections.abc import Iterable

from psycopg import sql

from payrollx_db.postgres import query_files
from payrollx_db.postgres.sequences import ColumnSequence, Position, read_positions, set_positions
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

FORGET = "DELETE FROM payrollx_meta.sequences WHERE run_id = %s"


async def record_positions(connection: Connection, run: int, due: Iterable[tuple[ColumnSequence, Position]]) -> None:
    """Record where sequences stand and where they are about to stand, in a transaction before they are set."""
    rows = [
        (s.schema, s.name, *_fields(s.position), position.value, position.called)
        for s, position in due
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    if rows:
        await connection.execute(queries.load("record_sequences"), (run, *columns))


async def reset_positions(connection: Connection, run: int, *, kept: bool = False) -> None:
    """Put back, in the current transaction, those sequences that still stand where the run has set them.

    ``kept`` leaves them where they are, as rows of others may have come under the numbers in between.
    """
    if kept:
        await connection.execute(FORGET, (run,))
        return
    cursor = await connection.execute(queries.load("recorded_sequences"), (run,))
    recorded = await cursor.fetchall()
    current = await read_positions(connection, {oid: sql.Identifier(*name) for oid, *name, _, _, _, _ in recorded})
    due = [
        (oid, Position(*before))
        for oid, _, _, *before, value, called in recorded
        if current[oid] == Position(value, called)
    ]
    await set_positions(connection, due)
    await connection.execute(FORGET, (run,))


def _fields(position: Position | None) -> tuple[int | None, bool | None]:
    return (position.value, position.called) if position else (None, None)
