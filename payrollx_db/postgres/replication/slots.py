"""Slots: the server's promise to keep the log from a position on. A slot that nobody reads fills the disk."""

from dataclasses import dataclass

from payrollx_db.postgres.session import Connection, Endpoint


@dataclass(frozen=True)
class SlotState:
    """How one slot stands. Positions are LSNs as numbers, ``None`` where the server has none for it."""

    name: str
    plugin: str
    database: str
    active: bool
    active_pid: int | None
    restart: int | None
    confirmed: int | None
    current: int
    """The end of the server's log."""
    wal_status: str | None
    """reserved, extended, unreserved or lost"""
    safe_wal_size: int | None
    """How many bytes may still be written before it is lost; ``None`` without a limit."""
    invalidation_reason: str | None

    @property
    def retained(self) -> int:
        """How many bytes of log the server keeps for it."""
        return self.current - self.restart if self.restart is not None else 0

    @property
    def lag(self) -> int:
        """How many bytes lie between what is confirmed and the end."""
        return self.current - self.confirmed if self.confirmed is not None else 0

    @property
    def is_lost(self) -> bool:
        """Tell whether it can't give all that it promised any more."""
        return self.wal_status == "lost" or self.restart is None or bool(self.invalidation_reason)


async def create_slot(endpoint: Endpoint, name: str, *, patience: float = 60) -> int:
    """Make a slot for pgoutput and return the LSN from which it gives every commit.

    The server waits for all transactions that run at this moment, in any of its databases, that have written. Make the
    publication first: what was written before there was one can't be decoded. Raises SourceError, or TargetError, that
    names what is waited for where that takes longer than ``patience`` seconds; nothing is left then.
    """
    raise NotImplementedError


async def drop_slot(connection: Connection, name: str, *, patience: float = 10) -> bool:
    """Drop a slot; false where there is none. A session that reads from it gets so many seconds to end.

    Raises SlotBusyError where it doesn't, and psycopg's errors.
    """
    raise NotImplementedError


async def slot_state(connection: Connection, name: str) -> SlotState | None:
    """Return how a slot stands, ``None`` where there is none. Raises psycopg's errors."""
    raise NotImplementedError
