"""How far each followed database is ahead, and how much of its log is kept for us: as it was measured last."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import class_row

from payrollx_db.consolidate.state import schema, touched
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class Lag:
    """One measurement. What nobody knows is ``None``.

    ``lag_bytes``, ``lag_seconds`` and ``lag_keys`` say what isn't brought over yet; ``retained_bytes`` how much log the
    server keeps for the slot, which grows by ``bytes_per_second``. ``free_bytes`` are free on its disk, ``safe_bytes``
    may be written before the server gives the slot up, which it does at ``keep_limit_bytes``
    (max_slot_wal_keep_size). ``wal_end`` is the end of its log.
    """

    database: str
    direction: str
    measured_at: datetime
    lag_bytes: int | None = None
    lag_seconds: float | None = None
    lag_keys: int | None = None
    retained_bytes: int | None = None
    bytes_per_second: float | None = None
    free_bytes: int | None = None
    safe_bytes: int | None = None
    keep_limit_bytes: int | None = None
    wal_status: str | None = None
    wal_end: int | None = None

    @property
    def seconds_left(self) -> float | None:
        """How long it lasts at this rate until the disk is full, or the slot is given up; ``None`` where unknown."""
        known = [room for room in (self.free_bytes, self.safe_bytes) if room is not None]
        if not known or not self.bytes_per_second:
            return None
        return max(min(known), 0) / self.bytes_per_second

    @property
    def age(self) -> float:
        """How many seconds ago it was measured."""
        return (datetime.now(UTC) - self.measured_at).total_seconds()

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        left = self.seconds_left
        return asdict(self) | {
            "measured_at": self.measured_at.isoformat(),
            "seconds_left": None if left is None else round(left, 1),
        }


async def lags(connection: Connection) -> list[Lag]:
    """Return the last measurement of each flow. Raises psycopg's errors."""
    if await schema.version(connection) < touched.FIRST_VERSION:
        return []
    cursor = connection.cursor(row_factory=class_row(Lag))
    await cursor.execute(queries.load("lags"))
    return await cursor.fetchall()


async def record_lag(connection: Connection, lag: Lag) -> None:
    """Record a measurement, in the current transaction."""
    await connection.execute(queries.load("record_lag"), asdict(lag))
