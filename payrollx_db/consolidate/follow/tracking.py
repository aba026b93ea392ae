"""Noting which keys are touched, from a proof on: only these are looked at again when it counts.

Nothing is noted before both sides have been proven equal once: until then everything has to be looked at anyway.
"""

from collections.abc import Sequence

from psycopg import sql

from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.hooks import Noted
from payrollx_db.consolidate.state import touched
from payrollx_db.postgres.script import Script
from payrollx_db.postgres.session import Connection

MOST = 1_000_000  # touched keys of one database, beyond which proving all of it anew is cheaper


class Tracking:
    """Notes the keys that passes of one database touch, in the transactions of these passes."""

    def __init__(self, database: str, *, since: str | None = None, count: int = 0) -> None:
        self._database, self._since = database, since
        self._count, self._new = count, 0

    @classmethod
    async def of(cls, connection: Connection, database: str) -> "Tracking":
        """Return the tracking of a database as the target remembers it. Raises psycopg's errors."""
        place = await touched.proven_place(connection, database)
        count = await touched.count(connection, database) if place else 0
        return cls(database, since=place, count=count)

    @property
    def since(self) -> str | None:
        """The place up to which all was proven; ``None`` where nothing is, and nothing is noted."""
        return self._since

    def begin(self, place: str) -> None:
        """Note from now on: up to ``place`` all was proven equal."""
        self._since, self._count, self._new = place, 0, 0

    async def note(self, connection: Connection, flow: Flow, noted: Noted) -> None:
        """Note the keys of a pass, in its transaction. Past `MOST` of them the proof counts for nothing any more."""
        statements = self.noting(flow, noted)
        if statements is None:
            await touched.forget_proof(connection, self._database)
            self._since = None
        elif statements:
            async with Script(connection, statements) as script:
                self.noted([await script.count() for _ in statements])

    def noting(self, flow: Flow, noted: Noted) -> list[sql.Composable] | None:
        """Return the statements that note what a pass is of; ``None`` where these are more keys than are noted."""
        keys = noted.keys
        self._new = 0
        if self._since is None:
            return []
        if self._count + sum(map(len, keys.values())) > MOST:
            return None
        names = {watched.table.oid: watched.table.full_name for watched in flow.watched}
        return [
            *(touched.note_whole(self._database, names[oid]) for oid in noted.whole if oid in names),
            *(touched.note(self._database, names[oid], some) for oid, some in keys.items() if some and oid in names),
        ]

    def noted(self, counts: Sequence[int]) -> None:
        """Hear how many keys each of these statements found new."""
        self._new = sum(counts)

    def committed(self) -> None:
        """Count what was noted."""
        self._count += self._new
        self._new = 0
