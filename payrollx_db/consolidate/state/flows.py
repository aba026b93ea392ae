"""Flows: which databases are followed, how far each has come, and what was made for it in the database that is read.

What is made is recorded before it is made, so that whatever is half-done can be found and dropped.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.rows import class_row

from payrollx_db.consolidate.state import schema
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)

# A flow's status: what was recorded is about to be made; what has changed before the slot is still to be found by
# comparing; its log is followed; its slot is lost.
MAKING, RESYNC, FOLLOWING, LOST = "making", "resync", "following", "lost"
FIRST_VERSION = next(number for number, name in enumerate(schema.MIGRATIONS, 1) if name.endswith("_online.sql"))


@dataclass(frozen=True)
class FlowState:
    """A flow as recorded. ``place`` is the LSN up to which its changes have been brought over, ``None`` before that.

    ``made`` are objects that were made, or were about to be, in the database that is read: their kind and name.
    ``keys`` counts the keys that passes have brought over; ``at`` is when the row was written last.
    """

    database: str
    direction: str
    run_id: int | None
    slot: str
    publication: str
    place: str | None
    snapshot: str | None
    read_place: dict[str, Any] | None
    surroundings: dict[str, Any] | None
    maps: str | None
    status: str
    made: list[dict[str, str]]
    keys: int
    at: datetime

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        names = ("database", "direction", "slot", "publication", "place", "status", "made", "keys")
        return {name: getattr(self, name) for name in names} | {"at": self.at.isoformat()}


async def flows(connection: Connection, direction: str | None = None) -> list[FlowState]:
    """Return the recorded flows, of one direction or of both. Raises StateConflictError as `schema.version`."""
    if await schema.version(connection) < FIRST_VERSION:
        return []
    cursor = connection.cursor(row_factory=class_row(FlowState))
    await cursor.execute(queries.load("flows"), {"direction": direction})
    return await cursor.fetchall()


async def record_flow(
    connection: Connection,
    flow: tuple[str, str],
    run: int | None,
    names: tuple[str, str],
    made: Iterable[Mapping[str, str]],
    read_place: Mapping[str, Any] | None,
) -> None:
    """Record, in the current transaction, what is about to be made for a flow (database and direction).

    ``names`` are its slot and its publication. What was recorded of it before is forgotten, but for what was made.
    """
    document = json.dumps(read_place) if read_place is not None else None
    values = (*flow, run, *names, document, MAKING, json.dumps(list(made)))
    await connection.execute(queries.load("record_flow"), values)


async def set_status(connection: Connection, flow: tuple[str, str], status: str) -> None:
    """Record a flow's status, in the current transaction."""
    await connection.execute(queries.load("set_flow_status"), (status, *flow))


async def start_at(
    connection: Connection,
    flow: tuple[str, str],
    place: str,
    status: str,
    surroundings: Mapping[str, Any] | None,
    maps: str,
) -> None:
    """Record where a new slot's log begins, and that the flow is in ``status``, in the current transaction.

    ``surroundings`` are what the log doesn't tell, as they were when the slot was made; ``maps`` is the fingerprint of
    how rows are made.
    """
    document = json.dumps(surroundings) if surroundings is not None else None
    await connection.execute(queries.load("start_flow"), (place, status, document, maps, *flow))


async def set_run(connection: Connection, databases: Sequence[str], run: int) -> None:
    """Record that this run copies the tables of these databases, in the current transaction."""
    query = "UPDATE payrollx_meta.flows SET run_id = %s WHERE direction = 'forward' AND database = ANY (%s)"
    await connection.execute(query, (run, list(databases)))


def move_place(flow: tuple[str, str], place: str) -> sql.Composed:
    """Return the statement that records that a flow whose slot is there begins at ``place``, further on."""
    database, direction = flow
    return sql.SQL(queries.load("move_flow")).format(database=database, direction=direction, place=place)


async def take_flow(connection: Connection, flow: tuple[str, str], owner: str) -> None:
    """Record that ``owner`` follows from now on, and nobody else; waits for the end of another one's pass."""
    await connection.execute(queries.load("take_flow"), (owner, *flow))


def may_write(flow: tuple[str, str], owner: str, held: sql.Composable) -> sql.Composed:
    """Return the question whether ``owner`` still follows, and ``held`` is true; nobody takes it until the commit."""
    database, direction = flow
    return sql.SQL(queries.load("may_write")).format(owner=owner, held=held, database=database, direction=direction)


async def forget_flow(connection: Connection, flow: tuple[str, str]) -> None:
    """Forget a flow for which nothing is left, in the current transaction."""
    await connection.execute("DELETE FROM payrollx_meta.flows WHERE (database, direction) = (%s, %s)", flow)


def store_place(
    flow: tuple[str, str], place: str, snapshot: str, keys: int, surroundings: Mapping[str, Any] | None = None
) -> sql.Composed:
    """Return the statement by which a pass stores, in its own transaction, how far it has brought a flow.

    ``surroundings`` are given where they have changed, and the pass has dealt with that.
    """
    database, direction = flow
    document = None if surroundings is None else json.dumps(surroundings)
    return sql.SQL(queries.load("store_place")).format(
        database=database, direction=direction, place=place, snapshot=snapshot, keys=keys,
        surroundings=document,
    )  # fmt: skip
