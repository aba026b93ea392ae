"""Where a flow's place is kept: on the side that is written, and in the transaction that brings it there."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from psycopg import sql

from payrollx_db.consolidate.follow import writing
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.state.flows import FlowState, flows, may_write, store_place, take_flow
from payrollx_db.errors import StateConflictError
from payrollx_db.postgres import locks
from payrollx_db.postgres.script import as_text
from payrollx_db.postgres.session import Connection


class Ledger(Protocol):
    """Keeps the place of one flow."""

    async def read(self, connection: Connection) -> FlowState:
        """Return what is recorded. Raises StateConflictError where nothing is, and what the driver raises."""

    def opening(self) -> Sequence[sql.Composable]:
        """Return the statements with which a writing transaction begins; the last answers whether it may write."""

    def store(
        self, place: str, snapshot: str, keys: int, surroundings: Mapping[str, Any] | None = None
    ) -> sql.Composable:
        """Return the statement that stores how far the transaction has brought the flow."""


class RunLedger:
    """The ledger of a forward flow: in the state of the unified database, for the run that holds the lock.

    One session has it at a time. The server goes on with what it was sent by one that was lost: so who connects takes
    the ledger from who had it, and waits for the end of a transaction of theirs.
    """

    def __init__(self, flow: Flow, lock_pid: int) -> None:
        self.flow = flow
        self.lock_pid = lock_pid
        self._owner = ""
        self._opening: list[sql.SQL] = []

    async def read(self, connection: Connection) -> FlowState:
        """Return what is recorded, and take it over. Raises StateConflictError where nothing is recorded."""
        self._owner = secrets.token_hex(8)
        held = locks.RUN.is_held(self.lock_pid)
        may = may_write((self.flow.name, self.flow.direction), self._owner, held)
        self._opening = [*map(as_text, (*writing.OPENING, may))]
        await take_flow(connection, (self.flow.name, self.flow.direction), self._owner)
        for state in await flows(connection, self.flow.direction):
            if state.database == self.flow.name and state.place is not None:
                return state
        raise StateConflictError(
            f"nothing is recorded of following {self.flow.name}",
            hint="payrollx-db follow makes what it takes, and goes on from there",
        )

    def opening(self) -> Sequence[sql.Composable]:
        """Return the statements with which a writing transaction begins; the last answers whether it may write."""
        return self._opening

    def store(
        self, place: str, snapshot: str, keys: int, surroundings: Mapping[str, Any] | None = None
    ) -> sql.Composable:
        """Return the statement that stores how far the transaction has brought the flow."""
        return store_place((self.flow.name, self.flow.direction), place, snapshot, keys, surroundings)
