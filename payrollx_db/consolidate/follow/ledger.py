"""Where a flow's place is kept: on the side that is written, and in the transaction that brings it there."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from psycopg import sql

from payrollx_db.consolidate.follow import writing
from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.state.flows import FlowState, flows, store_place
from payrollx_db.errors import StateConflictError
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
    """The ledger of a forward flow: in the state of the unified database, for the run that holds the lock."""

    def __init__(self, flow: Flow, lock_pid: int) -> None:
        self.flow = flow
        self.lock_pid = lock_pid

    async def read(self, connection: Connection) -> FlowState:
        """Return what is recorded. Raises StateConflictError where nothing is, and what the driver raises."""
        for state in await flows(connection, self.flow.direction):
            if state.database == self.flow.name and state.place is not None:
                return state
        raise StateConflictError(
            f"nothing is recorded of following {self.flow.name}",
            hint="payrollx-db follow makes what it takes, and goes on from there",
        )

    def opening(self) -> Sequence[sql.Composable]:
        """Return the statements with which a writing transaction begins; the last answers whether it may write."""
        return writing.opening(self.lock_pid)

    def store(
        self, place: str, snapshot: str, keys: int, surroundings: Mapping[str, Any] | None = None
    ) -> sql.Composable:
        """Return the statement that stores how far the transaction has brought the flow."""
        return store_place((self.flow.name, self.flow.direction), place, snapshot, keys, surroundings)
