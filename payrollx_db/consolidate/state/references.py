"""Loose references, as they were counted at the end of a run."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Connection

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class LooseReference:
    """One loose reference: how many rows point by it, and how many at nothing; or why that isn't known."""

    reference: str
    rows: int | None = None
    orphans: int | None = None
    problem: str | None = None
    counted_at: datetime | None = None


async def record_loose_references(connection: Connection, run: int, counted: Iterable[LooseReference]) -> None:
    """Record them; one that is known gets its new numbers."""
    rows = [(run, one.reference, one.rows, one.orphans, one.problem) for one in counted]
    await connection.cursor().executemany(queries.load("record_loose_reference"), rows)
